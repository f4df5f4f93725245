// A part that is loaded when it is first shown: dialogs that most visits never open.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): (props: Props) => preact.VNode | null {
  let loaded: ComponentType<Props> | null = null;
  return function Lazy(props: Props) {
    const [Part, setPart] = useState<{ readonly is: ComponentType<Props> } | null>(loaded ? { is: loaded } : null);
    useEffect(() => {
      if (Part) return;
      void load().then((part) => {
        loaded = part;
        setPart({ is: part });
      });
    }, []);
    return Part ? <Part.is {...props} /> : null;
  };
}
