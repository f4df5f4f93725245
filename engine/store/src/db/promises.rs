//! What the server must promise: that a commit outlives a crash.

use sqlx::PgConnection;

use super::OpenError;

/// The first version with everything that the statements here use.
const VERSION_MIN: i32 = 14;

/// How the server is set. The benchmark prints these beside its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promises {
    /// The major version.
    pub version: i32,
    pub fsync: String,
    pub full_page_writes: String,
    pub synchronous_commit: String,
}

impl Promises {
    pub(super) async fn read(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let row = sqlx::query!(
            r#"
            SELECT
                current_setting('server_version_num')::int / 10000 AS "version!",
                current_setting('fsync') AS "fsync!",
                current_setting('full_page_writes') AS "full_page_writes!",
                current_setting('synchronous_commit') AS "synchronous_commit!"
            "#
        )
        .fetch_one(connection)
        .await?;
        Ok(Self {
            version: row.version,
            fsync: row.fsync,
            full_page_writes: row.full_page_writes,
            synchronous_commit: row.synchronous_commit,
        })
    }

    /// Refuses a server that may forget. `synchronous_commit` has other values than on and off;
    /// with each of them a commit is on this server's disk before it is answered.
    pub(super) fn check(&self, durability_required: bool) -> Result<(), OpenError> {
        if self.version < VERSION_MIN {
            return Err(OpenError::TooOld {
                found: self.version,
                needed: VERSION_MIN,
            });
        }
        let settings = [
            ("fsync", &self.fsync),
            ("full_page_writes", &self.full_page_writes),
            ("synchronous_commit", &self.synchronous_commit),
        ];
        match settings.into_iter().find(|(_, value)| *value == "off") {
            Some((setting, value)) if durability_required => Err(OpenError::Forgetful {
                setting,
                value: value.clone(),
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: [&str; 3], refused: Option<&str>) {
        let [fsync, full_page_writes, synchronous_commit] = values.map(str::to_owned);
        let promises = Promises {
            version: 15,
            fsync,
            full_page_writes,
            synchronous_commit,
        };
        let message = promises.check(true).err().map(|error| error.to_string());
        match refused {
            None => assert_eq!(message, None),
            Some(setting) => assert!(message.unwrap().contains(setting)),
        }
        promises.check(false).unwrap();
    }

    #[test]
    fn a_server_that_may_forget_is_refused() {
        check(["on", "on", "on"], None);
        check(["on", "on", "remote_apply"], None);
        check(["on", "on", "local"], None);
        check(["off", "on", "on"], Some("fsync = off"));
        check(["on", "off", "on"], Some("full_page_writes = off"));
        check(["on", "on", "off"], Some("synchronous_commit = off"));
    }

    #[test]
    fn an_old_server_is_refused_even_by_tests() {
        let promises = Promises {
            version: 13,
            fsync: "on".to_owned(),
            full_page_writes: "on".to_owned(),
            synchronous_commit: "on".to_owned(),
        };
        assert!(matches!(
            promises.check(false),
            Err(OpenError::TooOld { found: 13, .. })
        ));
    }
}
