//! When each state was passed through, as bars over one axis of time on which nothing but waiting is
//! short: stretches in which nothing happens are folded. Reckons places; draws nothing.

use asl::Timestamp;

use crate::visits::{Status, Visit};

use super::moment;

/// The width of the drawing, in its own units.
pub const WIDTH: i64 = 1_000;
/// What a folded stretch takes of it.
const FOLD: i64 = 40;
/// A stretch is folded when nothing happens for longer than this, and for this share of the whole.
const IDLE_MICROS: i64 = 60 * 1_000_000;
const IDLE_SHARE: i64 = 10;
/// A bar that is there is seen.
const BAR_MIN: i64 = 3;

/// A row of the timeline: one visit.
pub struct Row {
    pub address: String,
    pub state: String,
    pub kind: &'static str,
    pub entered: u64,
    pub depth: usize,
    /// `item 3`, where a Map's item is what it belongs to.
    pub item: Option<String>,
    pub status: Status,
    pub tries: String,
    pub started: String,
    pub took: String,
    pub is_selected: bool,
    pub bars: Vec<Bar>,
}

/// A part of a row's bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    pub x: i64,
    pub width: i64,
    pub kind: BarKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarKind {
    /// From being entered to being left.
    Visit(Status),
    Try(Status),
    /// Between a try that failed and the next.
    Backoff,
}

impl Bar {
    pub fn class(&self) -> String {
        match self.kind {
            BarKind::Visit(status) => format!("bar bar-visit {}", status.tone()),
            BarKind::Try(status) => format!("bar bar-try {}", status.tone()),
            BarKind::Backoff => "bar bar-backoff".to_owned(),
        }
    }

    pub fn y(&self) -> i64 {
        match self.kind {
            BarKind::Visit(_) => 5,
            BarKind::Try(_) => 5,
            BarKind::Backoff => 9,
        }
    }

    pub fn height(&self) -> i64 {
        match self.kind {
            BarKind::Visit(_) | BarKind::Try(_) => 10,
            BarKind::Backoff => 2,
        }
    }
}

impl Status {
    /// The class that gives the colour.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Running => "tone-running",
            Self::Waiting | Self::Caught => "tone-waiting",
            Self::Succeeded => "tone-succeeded",
            Self::Failed => "tone-failed",
            Self::Stopped => "tone-stopped",
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Self::Running => "dot",
            Self::Waiting => "clock",
            Self::Succeeded => "check",
            Self::Failed | Self::Caught => "x",
            Self::Stopped => "ban",
        }
    }
}

/// Places on the drawing for times.
pub struct Axis {
    start: i64,
    end: i64,
    folds: Vec<Fold>,
    /// Units for each microsecond that is not folded, as a fraction.
    shown: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fold {
    from: i64,
    to: i64,
}

impl Axis {
    /// An axis over all that `visits` tell, up to `now` where one goes on. With `is_folded`, stretches
    /// without a beginning or an end of anything are short.
    pub fn new(visits: &[Visit], now: Timestamp, is_folded: bool) -> Self {
        let mut times: Vec<i64> = Vec::with_capacity(visits.len() * 2 + 1);
        for visit in visits {
            times.push(visit.from.0);
            times.push(visit.to.unwrap_or(now).0);
            for each in &visit.tries {
                times.push(each.from.0);
                times.extend(each.to.map(|to| to.0));
            }
        }
        times.sort_unstable();
        times.dedup();
        let start = times.first().copied().unwrap_or(now.0);
        let end = times.last().copied().unwrap_or(now.0).max(start + 1);
        let least = IDLE_MICROS.max((end - start) / IDLE_SHARE);
        let gaps = times.windows(2).filter_map(|pair| match pair {
            [from, to] if to - from > least => Some(Fold {
                from: *from,
                to: *to,
            }),
            _ => None,
        });
        let mut folds: Vec<Fold> = if is_folded {
            gaps.collect()
        } else {
            Vec::new()
        };
        // All folded would leave nothing to look at.
        let folded: i64 = folds.iter().map(|fold| fold.to - fold.from).sum();
        let shown = end - start - folded;
        if shown <= 0 {
            folds.clear();
        }
        let shown = if folds.is_empty() { end - start } else { shown };
        Self {
            start,
            end,
            folds,
            shown,
        }
    }

    pub fn has_folds(&self) -> bool {
        !self.folds.is_empty()
    }

    /// `14.6 s in all, of which 2 h folded`.
    pub fn told(&self) -> String {
        let all = moment::duration(self.end - self.start);
        if self.folds.is_empty() {
            return all;
        }
        let folded = self.folds.iter().map(|fold| fold.to - fold.from).sum();
        format!("{all}, {} of it idle and folded", moment::duration(folded))
    }

    /// Where the folded stretches stand, and how long they are.
    pub fn folds(&self) -> Vec<(i64, i64)> {
        let places = self.folds.iter();
        places.map(|fold| (self.place(fold.from), FOLD)).collect()
    }

    /// The place of a time, from 0 to [`WIDTH`].
    pub fn place(&self, micros: i64) -> i64 {
        let at = micros.clamp(self.start, self.end);
        let folds = i64::try_from(self.folds.len())
            .unwrap_or(0)
            .min(WIDTH / FOLD / 2);
        let fold = if folds == 0 {
            0
        } else {
            FOLD.min(WIDTH / 2 / folds)
        };
        let room = WIDTH - fold * folds;
        let mut passed = at - self.start;
        let mut offset = 0;
        for each in &self.folds {
            if at >= each.to {
                passed -= each.to - each.from;
                offset += fold;
            } else if at > each.from {
                let inside = i128::from(at - each.from) * i128::from(fold);
                let inside = inside / i128::from((each.to - each.from).max(1));
                passed = each.from - self.start - self.folded_before(each.from);
                offset += i64::try_from(inside).unwrap_or(0);
                break;
            }
        }
        let place = i128::from(passed) * i128::from(room) / i128::from(self.shown.max(1));
        (i64::try_from(place).unwrap_or(WIDTH) + offset).clamp(0, WIDTH)
    }

    fn folded_before(&self, micros: i64) -> i64 {
        let before = self.folds.iter().filter(|fold| fold.to <= micros);
        before.map(|fold| fold.to - fold.from).sum()
    }

    /// The bars of one visit.
    pub fn bars(&self, visit: &Visit, now: Timestamp) -> Vec<Bar> {
        let bar = |from: Timestamp, to: Timestamp, kind| {
            let (x, end) = (self.place(from.0), self.place(to.0));
            let width = (end - x).max(BAR_MIN);
            Bar {
                x: x.min(WIDTH - width),
                width,
                kind,
            }
        };
        let end = visit.to.unwrap_or(now);
        if visit.tries.is_empty() {
            return vec![bar(visit.from, end, BarKind::Visit(visit.status))];
        }
        let mut bars = Vec::with_capacity(visit.tries.len() * 2);
        let mut before: Option<Timestamp> = None;
        for each in &visit.tries {
            if let Some(before) = before
                && each.from > before
            {
                bars.push(bar(before, each.from, BarKind::Backoff));
            }
            let to = each.to.unwrap_or(end);
            bars.push(bar(each.from, to, BarKind::Try(each.status)));
            before = Some(to);
        }
        if let Some(before) = before
            && visit.is_open()
            && visit.tries.last().is_some_and(|last| last.to.is_some())
        {
            bars.push(bar(before, end, BarKind::Backoff));
        }
        bars
    }
}

/// `3 tries, 2 failed`; nothing where there was one that did not fail.
pub fn tries_told(visit: &Visit) -> String {
    let (all, failed) = (visit.tries.len(), visit.failed_tries());
    match (all, failed) {
        (0 | 1, 0) => String::new(),
        (1, _) => "1 try, failed".to_owned(),
        (_, 0) => format!("{all} tries"),
        _ if all == failed => format!("{all} tries, all failed"),
        _ => format!("{all} tries, {failed} failed"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use asl::Payload;

    use super::*;
    use crate::visits::{Items, Try};

    fn visit(from_s: i64, to_s: Option<i64>) -> Visit {
        Visit {
            state: Arc::from("A"),
            kind: "Task",
            entered: 2,
            last_event: 3,
            from: Timestamp(from_s * 1_000_000),
            to: to_s.map(|to| Timestamp(to * 1_000_000)),
            status: Status::Succeeded,
            parent: None,
            item: None,
            depth: 0,
            tries: Vec::new(),
            input: Payload::from_trusted_text("{}"),
            output: None,
            assigned: Vec::new(),
            error: None,
            items: Items::default(),
            next: None,
        }
    }

    fn attempt(from_s: i64, to_s: i64, status: Status) -> Try {
        Try {
            scheduled: 3,
            callee: "f".to_owned(),
            arguments: Payload::from_trusted_text("{}"),
            from: Timestamp(from_s * 1_000_000),
            to: Some(Timestamp(to_s * 1_000_000)),
            status,
            error: None,
            result: None,
            submitted: None,
        }
    }

    const NOW: Timestamp = Timestamp(100_000_000_000);

    #[test]
    fn bars_stand_where_their_times_are() {
        let visits = [visit(0, Some(10)), visit(10, Some(40))];
        let axis = Axis::new(&visits, NOW, true);
        assert!(!axis.has_folds());
        let kind = BarKind::Visit(Status::Succeeded);
        let bar = |x, width| vec![Bar { x, width, kind }];
        assert_eq!(axis.bars(&visits[0], NOW), bar(0, 250));
        assert_eq!(axis.bars(&visits[1], NOW), bar(250, 750));
        assert_eq!(axis.told(), "40.0 s");
    }

    #[test]
    fn a_stretch_in_which_nothing_happens_is_folded() {
        let visits = [visit(0, Some(10)), visit(7_210, Some(7_220))];
        let axis = Axis::new(&visits, NOW, true);
        assert_eq!(axis.told(), "2 h 0 m, 2 h 0 m of it idle and folded");
        let first = axis.bars(&visits[0], NOW)[0];
        assert_eq!((first.x, first.width), (0, 480));
        let second = axis.bars(&visits[1], NOW)[0];
        assert_eq!((second.x, second.width), (520, 480));
        assert_eq!(axis.folds(), [(480, 40)]);
        let unfolded = Axis::new(&visits, NOW, false);
        assert_eq!(unfolded.bars(&visits[0], NOW)[0].width, BAR_MIN);
    }

    #[test]
    fn a_try_that_failed_and_the_time_until_the_next_are_parts_of_the_bar() {
        let mut one = visit(0, Some(20));
        one.tries = vec![
            attempt(0, 5, Status::Failed),
            attempt(15, 20, Status::Succeeded),
        ];
        let axis = Axis::new(std::slice::from_ref(&one), NOW, true);
        let kinds: Vec<_> = axis.bars(&one, NOW).iter().map(|bar| bar.kind).collect();
        assert_eq!(
            kinds,
            [
                BarKind::Try(Status::Failed),
                BarKind::Backoff,
                BarKind::Try(Status::Succeeded)
            ]
        );
        assert_eq!(tries_told(&one), "2 tries, 1 failed");
    }

    #[test]
    fn nothing_at_all_and_a_thousand_stretches_are_drawn_as_well() {
        let none = Axis::new(&[], NOW, true);
        assert_eq!(none.place(NOW.0), 0);
        let many: Vec<Visit> = (0..1_000)
            .map(|at| visit(at * 1_000, Some(at * 1_000 + 1)))
            .collect();
        let axis = Axis::new(&many, NOW, true);
        for each in &many {
            for bar in axis.bars(each, NOW) {
                assert!(bar.x >= 0 && bar.x + bar.width <= WIDTH, "{bar:?}");
            }
        }
        let endless = visit(0, None);
        let axis = Axis::new(std::slice::from_ref(&endless), NOW, true);
        assert_eq!(axis.bars(&endless, NOW)[0].width, WIDTH);
    }
}
