//! `/machines/{name}`: one machine, its states and text, its recent executions.

use askama::Template;

use super::{
    frame::{Frame, Section},
    json_view, moment,
    outline::{StateRow, outline},
    theme::Theme,
    view::{ExecutionRow, Machine},
};

/// A page shows this much of a definition; the file has the rest.
const SHOWN_BYTES_MAX: usize = 128 * 1024;

#[derive(Template)]
#[template(path = "machine.html")]
pub struct MachinePage {
    pub frame: Frame,
    pub machine: Machine,
    pub comment: Option<String>,
    pub recent: Vec<ExecutionRow>,
    pub outline: Vec<StateRow>,
    pub total: usize,
    pub definition: String,
    pub is_cut: bool,
    pub size: String,
}

impl MachinePage {
    pub fn new(frame: Frame, machine: Machine, recent: Vec<ExecutionRow>) -> Self {
        let (outline, total) = outline(&machine.definition);
        // A text on one line was written by a program: laid out, a person can read it.
        let text = if machine.definition.trim().contains('\n') {
            machine.definition.clone()
        } else {
            json_view::pretty(&machine.definition)
        };
        let mut end = text.len().min(SHOWN_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let comment = asl::json::parse(&machine.definition)
            .ok()
            .and_then(|value| {
                let comment = value.get("Comment")?.as_str()?.trim();
                (!comment.is_empty()).then(|| comment.to_owned())
            });
        Self {
            frame,
            comment,
            recent,
            outline,
            total,
            definition: json_view::coloured(text.get(..end).unwrap_or_default()),
            is_cut: end < text.len(),
            size: moment::size(machine.definition.len()),
            machine,
        }
    }
}
