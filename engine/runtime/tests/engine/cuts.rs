//! Cutting a flow at its first commit, its second, and so on, each in a world of its own, until there is
//! none left to cut.
//!
//! Each point is a test, so that they can run side by side; within one, some lives do.

use std::future::Future;

use store::fault::Point;

/// Lives at once: most of each is waiting for the database.
const AT_ONCE: u64 = 4;

/// Calls `life` with 0, 1, 2 …, the number of commits that pass before the one that is cut, until one says
/// that there was no such commit. More than `most` are a mistake of the test, fewer than `least` as well.
pub(crate) async fn cut_each<F: Future<Output = bool>>(
    point: Point,
    least: u64,
    most: u64,
    life: impl Fn(u64) -> F,
) {
    let mut hits = 0;
    let mut first = 0;
    loop {
        let lives = (first..first + AT_ONCE).map(&life);
        let cut = futures_util::future::join_all(lives).await;
        hits += cut.iter().filter(|is_cut| **is_cut).count() as u64;
        if cut.contains(&false) {
            break;
        }
        first += AT_ONCE;
        assert!(
            first < most,
            "{point:?}: there are more commits than thought"
        );
    }
    assert!(hits >= least, "{point:?} was hit {hits} times only");
}
