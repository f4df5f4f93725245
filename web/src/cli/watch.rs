//! `stepwright watch EXECUTION`: its events as they happen, until it ends.

use reqwest::Method;

use super::client::{Client, Target, read, segment};
use super::execution::Execution;
use super::exit::{Exit, Failure};
use super::history::{self, Event};
use super::screen::{Cell, Screen};

/// The columns of the events, which come one by one and so cannot be measured together.
const WIDTHS: [usize; 4] = [5, 12, 28, 0];

#[derive(Debug, clap::Args)]
pub(super) struct Watch {
    /// The execution's id or its ARN
    execution: String,

    #[command(flatten)]
    target: Target,
}

impl Watch {
    pub(super) fn run(&self, screen: &mut Screen) -> Result<Exit, Failure> {
        let client = Client::new(&self.target)?;
        super::block_on(self.follow(&client, screen))
    }

    async fn follow(&self, client: &Client, screen: &mut Screen) -> Result<Exit, Failure> {
        let mut seen = Seen::default();
        loop {
            // Asked before the events, so that when it says closed the events are all there.
            let path = format!("/executions/{}?wait=1s", segment(&self.execution));
            let text = client.send(Method::GET, &path, None).await?;
            let execution: Execution = read(&text)?;
            self.print_new(client, screen, &mut seen).await?;
            if execution.is_running() {
                continue;
            }
            if screen.is_json() {
                screen.raw(&text)?;
            } else {
                screen.line(&execution.show())?;
            }
            return Ok(execution.exit());
        }
    }

    async fn print_new(
        &self,
        client: &Client,
        screen: &mut Screen,
        seen: &mut Seen,
    ) -> Result<(), Failure> {
        loop {
            let page = history::page(client, &self.execution, seen.after.as_deref()).await?;
            for text in &page.events {
                let event: Event = read(text.get())?;
                if event.id <= seen.last {
                    continue;
                }
                seen.last = event.id;
                if screen.is_json() {
                    screen.raw(text.get())?;
                } else {
                    screen.line(&line(&event))?;
                }
            }
            match page.next {
                Some(next) => seen.after = Some(next),
                None => return Ok(()),
            }
        }
    }
}

/// How far the events were printed: whole pages by where the next begins, the last page by number.
#[derive(Debug, Default)]
struct Seen {
    after: Option<String>,
    last: u64,
}

fn line(event: &Event) -> String {
    let cells: Vec<String> = event
        .row()
        .iter()
        .zip(WIDTHS)
        .map(|(cell, width): (&Cell, usize)| cell.padded(width))
        .collect();
    cells.join("  ").trim_end().to_owned()
}
