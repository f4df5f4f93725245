// What the designer opens now and then, loaded as one when the first of it is opened.

export { ConflictDialog } from "./conflict";
export { ConfirmDelete, CreateDialog, Help, StartDialog, Ways } from "./dialogs";
export { png, svgText } from "../canvas/export";
export { LinesDialog } from "./lines";
export { Menu } from "./menu";
export { Outline } from "./outline";
export { Problems } from "./problems";
export { SaveDialog } from "./save";
export { Tester } from "./tester";
