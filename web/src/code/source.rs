//! The supervisor's way to what is deployed: rows of the store, and the sealed environment opened.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use store::db::Db;
use store::deployed::{self, Version};
use supervisor::function::Secret;
use supervisor::{Deployed, Loading, Source, SourceError};

use super::configuration::Configuration;
use crate::access::Secrets;

/// Deployed functions as this server keeps them.
pub(crate) struct Shelf {
    pub(crate) db: Db,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) account: functions::Account,
}

/// The name under which the environment of a form of a function is sealed.
pub(crate) fn record(name: &str, number: i64) -> String {
    format!("function_version/{name}/{number}")
}

impl Shelf {
    async fn find(
        &self,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<Option<Deployed>, SourceError> {
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(function.name = name, %error, "a function could not be read");
            SourceError(name.to_owned())
        };
        let number = match qualifier {
            None | Some("$LATEST") => deployed::LATEST,
            Some(text) => match text.parse() {
                Ok(number) if number > 0 => number,
                _ => return Ok(None),
            },
        };
        let found = deployed::get(&self.db, name, number).await;
        let Some(row) = found.map_err(|error| failed(&error))? else {
            return Ok(None);
        };
        self.deployed(&row, qualifier)
            .map(Some)
            .map_err(|error| failed(&error))
    }

    fn deployed(&self, row: &Version, qualifier: Option<&str>) -> Result<Deployed, String> {
        let configuration: Configuration =
            serde_json::from_str(&row.configuration).map_err(|error| error.to_string())?;
        let environment: BTreeMap<String, String> = match &row.sealed {
            None => BTreeMap::new(),
            Some(sealed) => {
                let record = record(&row.name, row.number);
                let opened = self.secrets.open(&record, sealed);
                let opened = opened.map_err(|error| error.to_string())?;
                serde_json::from_slice(opened.reveal()).map_err(|error| error.to_string())?
            }
        };
        let functions::Account { region, id } = &self.account;
        let mut arn = format!("arn:aws:lambda:{region}:{id}:function:{}", row.name);
        if let Some(qualifier) = qualifier {
            arn.push(':');
            arn.push_str(qualifier);
        }
        let version = match row.number {
            deployed::LATEST => "$LATEST".to_owned(),
            number => number.to_string(),
        };
        Ok(Deployed {
            name: Arc::from(row.name.as_str()),
            version: Arc::from(version),
            arn: Arc::from(arn),
            revision: Arc::from(row.revision.to_string()),
            runtime: supervisor::Runtime::parse(&configuration.runtime)
                .map_err(|error| error.to_string())?,
            handler: Arc::from(configuration.handler),
            timeout: Duration::from_secs(u64::from(configuration.timeout)),
            memory_mb: configuration.memory_size,
            environment: environment
                .into_iter()
                .map(|(name, value)| (name, Secret::new(value)))
                .collect(),
            code: <[u8; 32]>::try_from(row.sha256.as_slice()).map_err(|error| error.to_string())?,
            reserved: row.reserved.map(|most| u32::try_from(most).unwrap_or(0)),
        })
    }
}

impl Source for Shelf {
    fn function<'a>(&'a self, name: &'a str, qualifier: Option<&'a str>) -> Loading<'a, Deployed> {
        Box::pin(self.find(name, qualifier))
    }

    fn code<'a>(&'a self, sha256: &'a [u8; 32]) -> Loading<'a, Bytes> {
        Box::pin(async move {
            let found = deployed::package(&self.db, sha256).await;
            found
                .map(|package| package.map(Bytes::from))
                .map_err(|error| {
                    tracing::error!(%error, "a package could not be read");
                    SourceError(hex::encode(sha256))
                })
        })
    }
}
