//! Ids of what the durable half of the store keeps: one newtype per thing.

use uuid::Uuid;

/// How many slots there are: 12 random bits of an execution's id.
pub const SLOTS: u16 = 4096;

/// An execution: a UUIDv7, so ids rise with the time of the start.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExecutionId(pub Uuid);

impl ExecutionId {
    /// An id made at `unix_millis` in `slot`, with `random` for its other bits.
    pub fn new(unix_millis: u64, slot: u16, random: u64) -> Self {
        let mut bytes = [0u8; 16];
        bytes[..6].copy_from_slice(&unix_millis.to_be_bytes()[2..]);
        let slot = (slot % SLOTS).to_be_bytes();
        bytes[6] = 0x70 | slot[0];
        bytes[7] = slot[1];
        bytes[8..].copy_from_slice(&random.to_be_bytes());
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        Self(Uuid::from_bytes(bytes))
    }

    /// The least id that can be made at `unix_millis` or later: a bound for ranges, never an execution.
    pub fn first_of(unix_millis: u64) -> Self {
        let bytes = unix_millis.to_be_bytes();
        let mut id = [0u8; 16];
        id[..6].copy_from_slice(&bytes[2..]);
        Self(Uuid::from_bytes(id))
    }

    /// The 12 bits after the version, which say which shard the execution belongs to.
    pub fn slot(self) -> u16 {
        let bytes = self.0.as_bytes();
        u16::from_be_bytes([bytes[6] & 0x0f, bytes[7]])
    }

    /// Milliseconds since the epoch at which it was made.
    pub fn unix_millis(self) -> u64 {
        let mut bytes = [0u8; 8];
        bytes[2..].copy_from_slice(&self.0.as_bytes()[..6]);
        u64::from_be_bytes(bytes)
    }
}

impl std::fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::fmt::Debug for ExecutionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "execution {}", self.0)
    }
}

/// A part of the executions that one node owns at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShardId(pub i16);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub Uuid);

/// Rises each time a node registers: what an earlier life of it sends comes too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Incarnation(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(unix_millis: u64, slot: u16, random: u64) {
        let id = ExecutionId::new(unix_millis, slot, random);
        assert_eq!(id.unix_millis(), unix_millis);
        assert_eq!(id.slot(), slot % SLOTS);
        assert_eq!(id.0.get_version_num(), 7);
        assert_eq!(id.0.get_variant(), uuid::Variant::RFC4122);
        assert!(ExecutionId::first_of(unix_millis) <= id);
        assert!(id < ExecutionId::first_of(unix_millis + 1));
    }

    #[test]
    fn an_id_keeps_its_time_and_its_slot() {
        check(0, 0, 0);
        check(1_763_900_000_123, 4095, u64::MAX);
        check(1_763_900_000_123, 4096, 42);
        check((1 << 48) - 2, 7, 1);
    }

    #[test]
    fn ids_of_one_moment_differ_by_chance() {
        let a = ExecutionId::new(1, 2, 3);
        assert_ne!(a, ExecutionId::new(1, 2, 4));
        assert_eq!(a, ExecutionId::new(1, 2, 3));
    }
}
