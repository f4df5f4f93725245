//! A registry in memory, a resolver that says what a test wants, and short cuts to make clients.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use crate::client::Client;
use crate::egress::{Policy, Resolver, Resolving, SystemResolver};
use crate::name::Account;
use crate::registry::{
    Authorization, Cached, Connection, Endpoint, EndpointSettings, Lookup, Parameters, Registry,
};

#[derive(Default)]
pub(crate) struct Memory {
    functions: Mutex<HashMap<String, Endpoint>>,
    connections: Mutex<HashMap<String, Connection>>,
}

impl Memory {
    pub(crate) fn with_function(self, name: &str, settings: &EndpointSettings) -> Self {
        let endpoint = Endpoint::new(settings).unwrap();
        self.functions
            .lock()
            .unwrap()
            .insert(name.to_owned(), endpoint);
        self
    }

    pub(crate) fn with_connection(
        self,
        name: &str,
        authorization: Authorization,
        parameters: Parameters,
    ) -> Self {
        let connection = Connection::new(name, "1", authorization, parameters).unwrap();
        self.connections
            .lock()
            .unwrap()
            .insert(name.to_owned(), connection);
        self
    }

    pub(crate) fn cached(self) -> Arc<Cached> {
        Arc::new(Cached::new(Arc::new(self)))
    }
}

impl Registry for Memory {
    fn function<'a>(&'a self, name: &'a str) -> Lookup<'a, Endpoint> {
        let found = self.functions.lock().unwrap().get(name).cloned();
        Box::pin(async { Ok(found) })
    }

    fn connection<'a>(&'a self, name: &'a str) -> Lookup<'a, Connection> {
        let found = self.connections.lock().unwrap().get(name).cloned();
        Box::pin(async { Ok(found) })
    }
}

/// Gives each name its answers in turn; the last one stays.
pub(crate) struct Names(Mutex<HashMap<&'static str, Vec<Vec<IpAddr>>>>);

impl Names {
    pub(crate) fn new(names: &[(&'static str, &[&[&str]])]) -> Self {
        let names = names.iter().map(|(name, turns)| {
            let turns = turns
                .iter()
                .map(|turn| {
                    turn.iter()
                        .map(|address| address.parse().unwrap())
                        .collect()
                })
                .collect();
            (*name, turns)
        });
        Self(Mutex::new(names.collect()))
    }
}

impl Resolver for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        let mut names = self.0.lock().unwrap();
        let answer = match names.get_mut(host) {
            Some(turns) if turns.len() > 1 => Ok(turns.remove(0)),
            Some(turns) => Ok(turns[0].clone()),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "no such host")),
        };
        Box::pin(async { answer })
    }
}

pub(crate) fn client(policy: Policy) -> Client {
    let resolver: Arc<dyn Resolver> = Arc::new(SystemResolver);
    Client::new(policy, &resolver).unwrap()
}

pub(crate) fn account() -> Account {
    Account {
        region: Arc::from("us-east-1"),
        id: Arc::from("000000000000"),
    }
}
