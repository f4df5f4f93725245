//! A database, machines in it, and nodes that run them.

use std::{sync::Arc, time::Duration};

use asl::{Json, Payload, diagnose::MachineType};
use functions::{
    Client, HttpTasks,
    egress::{Policy, SystemResolver},
    fake::{Fake, Reply},
    registry::{Cached, Connection, Endpoint, Lookup, Registry},
};
use objects::Objects;
use runtime::{Engine, Names, NodeId, Settings, StartRequest, View};
use store::{
    db::Db,
    ids::Incarnation,
    machine::{Created, Machine, New, create},
    revision::Revision,
};
use tests::support::Folder;
use uuid::Uuid;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const LAMBDA: &str = "arn:aws:lambda:us-east-1:000000000000:function";

pub(crate) struct World {
    pub(crate) db: Db,
    pub(crate) fake: Fake,
    url: String,
    pub(crate) database: tests::support::Database,
    /// Whose buckets every node has.
    pub(crate) objects: Objects,
    _folder: Folder,
}

pub(crate) fn value(text: &str) -> Reply {
    Reply::Value(asl::json::parse(text).unwrap())
}

impl World {
    pub(crate) async fn new(fake: Fake) -> Self {
        let database = tests::support::Database::fresh();
        let url = database.url().to_owned();
        let db = Db::open(&store::db::Settings::new(&url)).await.unwrap();
        let folder = Folder::new();
        Self {
            db,
            fake,
            url,
            database,
            objects: Objects::folder(folder.path()),
            _folder: folder,
        }
    }

    /// Opens the database anew, as another process would; its faults are its own.
    pub(crate) async fn another_db(&self) -> Db {
        Db::open(&store::db::Settings::new(&self.url))
            .await
            .unwrap()
    }

    pub(crate) async fn node(&self, number: u128) -> Engine {
        self.node_on(self.db.clone(), number).await
    }

    pub(crate) async fn node_on(&self, db: Db, number: u128) -> Engine {
        self.node_with(db, number, |_| {}).await
    }

    /// A node whose settings a test changes.
    pub(crate) async fn node_with(
        &self,
        db: Db,
        number: u128,
        change: impl FnOnce(&mut Settings),
    ) -> Engine {
        let invoker = Arc::new(self.fake.clone());
        let mut settings = Settings::new(
            Names::default(),
            invoker,
            http_tasks(),
            NodeId(Uuid::from_u128(number)),
        )
        .unwrap();
        settings.lease = Duration::from_secs(5);
        settings.objects = self.objects.clone();
        change(&mut settings);
        Engine::open(db, settings).await.unwrap()
    }

    /// Lets this life of a node look silent until another node has taken it over.
    pub(crate) async fn let_lease_run_out(&self, node: NodeId) {
        let incarnation = self.incarnation(node).await.unwrap();
        while self.incarnation(node).await == Some(incarnation) {
            store::fault::silence(&self.db, node).await.unwrap();
            tokio::task::yield_now().await;
        }
    }

    async fn incarnation(&self, node: NodeId) -> Option<Incarnation> {
        let nodes = store::lease::nodes(&self.db).await.unwrap();
        let node = nodes.iter().find(|living| living.node == node);
        node.map(|node| node.incarnation)
    }

    /// The ARN of an activity that is made.
    pub(crate) async fn activity(&self, name: &str) -> String {
        let activity = store::activity::Activity {
            id: fresh_id(),
            name: name.to_owned(),
            encryption: r#"{"type":"AWS_OWNED_KEY"}"#.to_owned(),
            created_at: chrono::DateTime::from_timestamp_millis(1_700_000_000_000).unwrap(),
        };
        let made = store::activity::create(&self.db, &activity, &[], 10_000).await;
        assert_eq!(made.unwrap(), store::activity::Created::New);
        Names::default().activity(name)
    }

    pub(crate) async fn machine(&self, name: &str, definition: &str) {
        self.machine_of(MachineType::Standard, name, definition)
            .await;
    }

    pub(crate) async fn machine_of(&self, machine_type: MachineType, name: &str, definition: &str) {
        let logging = r#"{"level":"OFF","includeExecutionData":false}"#;
        self.logging_machine(machine_type, name, definition, logging)
            .await;
    }

    /// A machine with its logging configuration.
    pub(crate) async fn logging_machine(
        &self,
        machine_type: MachineType,
        name: &str,
        definition: &str,
        logging: &str,
    ) {
        let now = chrono::DateTime::from_timestamp_millis(1_700_000_000_000).unwrap();
        let (id, revision_id) = (fresh_id(), fresh_id());
        let revision = Revision {
            id: revision_id,
            machine_id: id,
            number: 1,
            definition: definition.to_owned(),
            source: None,
            source_format: "JSON".to_owned(),
            role_arn: "arn:aws:iam::000000000000:role/r".to_owned(),
            logging: logging.to_owned(),
            tracing: r#"{"enabled":false}"#.to_owned(),
            encryption: r#"{"type":"AWS_OWNED_KEY"}"#.to_owned(),
            created_at: now,
        };
        let machine = Machine {
            id,
            name: name.to_owned(),
            machine_type,
            is_deleting: false,
            publish_on_create: false,
            created_at: now,
            revision,
        };
        let new = New {
            machine,
            tags: Vec::new(),
            version_description: None,
            machines_max: 10_000,
        };
        let created = create(&self.db, &new, now).await.unwrap();
        assert_eq!(created, Created::New);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests need ids that differ, not ones they can name"
)]
fn fresh_id() -> Uuid {
    Uuid::new_v4()
}

/// Nothing is registered.
struct Nothing;

impl Registry for Nothing {
    fn function<'a>(&'a self, _name: &'a str) -> Lookup<'a, Endpoint> {
        Box::pin(async { Ok(None) })
    }

    fn connection<'a>(&'a self, _name: &'a str) -> Lookup<'a, Connection> {
        Box::pin(async { Ok(None) })
    }
}

fn http_tasks() -> HttpTasks {
    let resolver: Arc<dyn functions::egress::Resolver> = Arc::new(SystemResolver);
    let client = Client::new(Policy::for_http_tasks(), &resolver).unwrap();
    HttpTasks::new(client, Arc::new(Cached::new(Arc::new(Nothing))))
}

pub(crate) fn request(machine: &str, input: &str) -> StartRequest {
    StartRequest {
        machine_arn: Names::default().machine(machine),
        name: None,
        input: Payload::parse(input).unwrap(),
        parent: None,
        trace_header: None,
        child_id: None,
    }
}

pub(crate) async fn run(engine: &Engine, machine: &str, input: &str) -> View {
    engine
        .start_and_wait(request(machine, input), PATIENCE)
        .await
        .unwrap()
}

/// The history in short, page by page.
pub(crate) async fn history(engine: &Engine, view: &View) -> Vec<String> {
    let mut lines = Vec::new();
    let mut from = None;
    loop {
        let page = engine.history(view.facts.id, false, from, 3).await.unwrap();
        let short = page.events.iter();
        lines.extend(short.map(|event| {
            format!(
                "{}<{}:{}",
                event.id,
                event.previous,
                event.detail.type_name()
            )
        }));
        from = page.next;
        if from.is_none() {
            return lines;
        }
    }
}

#[track_caller]
pub(crate) fn output(view: &View) -> Json {
    match view.closed.as_ref().map(|closed| &closed.outcome) {
        Some(asl::machine::Outcome::Succeeded(output)) => output.json().clone(),
        other => panic!("the execution succeeded, not: {other:?}"),
    }
}
