//! Every bound of this crate, with what sets it.

use std::time::Duration;

/// Entries of a listing's page: S3's own bound.
pub const PAGE_MAX: usize = 1000;

/// Bytes of a key, as S3 has it.
pub const KEY_BYTES_MAX: usize = 1024;

/// Bytes that are read from a file at once.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// Bytes of one part of a multipart upload; S3 takes none under 5 MiB but the last.
pub const PART_BYTES: usize = 8 * 1024 * 1024;

/// Bytes of one item of a dataset: what no payload could hold is not gathered either.
pub const ITEM_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes of a CSV header: AWS's quota.
pub const CSV_HEADER_BYTES_MAX: usize = 10 * 1024;

/// Bytes of a manifest, which lists files and not items.
pub const MANIFEST_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of an answer of the store that is not an object: an error, a page of a listing.
pub const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How long a connection may take, and how long the store may be silent in an answer.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
pub const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// Tries of a request that nobody answered, or that was answered with 500 or 503.
pub const TRIES: u32 = 4;

/// Of Parquet files. What a file claims of itself is checked before memory is given to it.
#[cfg(feature = "parquet")]
pub mod parquet {
    /// Bytes that are fetched at once, and how many such blocks are kept: a page's head and body are
    /// seldom two requests then.
    pub const BLOCK_BYTES: u64 = 512 * 1024;
    pub const BLOCKS_KEPT: usize = 16;

    /// Bytes of the description of a file at its end.
    pub const FOOTER_BYTES_MAX: u32 = 8 * 1024 * 1024;

    /// Stack of the thread that opens a file: address space, of which only what is used becomes memory.
    pub const OPENING_STACK_BYTES: usize = 1024 * 1024 * 1024;

    /// Groups within groups. A list takes two of them, a map too.
    pub const SCHEMA_DEPTH_MAX: usize = 32;

    /// Bytes of a row group, decoded.
    pub const ROW_GROUP_BYTES_MAX: i64 = 1024 * 1024 * 1024;

    /// Bytes of one part of a file that is read at once, which is a page.
    pub const RANGE_BYTES_MAX: u64 = 64 * 1024 * 1024;

    /// What is decoded before items are given on.
    pub const BATCH_ROWS: usize = 256;
    pub const BATCH_BYTES: usize = 1024 * 1024;
}
