//! The sample workflows of `workflows/`, for `stepwright serve --samples`: their machines are created
//! (or brought up to date), their functions answer on a loopback address of their own, and what they read is
//! put into a bucket.
//!
//! The functions are plain HTTP endpoints, registered as anybody's would be.

mod functions;

use std::net::{Ipv4Addr, SocketAddr};

use asl::diagnose::MachineType;
use serde_json::json;
use store::function::Function;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::Shared;
use crate::wire::{self, error::ApiError, error::Code};

/// A sample: the machine's name, its definition, and the input that the form to start it begins with.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub name: &'static str,
    pub machine_type: MachineType,
    pub definition: &'static str,
    pub input: &'static str,
}

/// All of them; a machine that another starts comes first.
pub const SAMPLES: [Sample; 7] = [
    Sample {
        name: "sample-order",
        machine_type: MachineType::Standard,
        definition: include_str!("../../workflows/order.asl.json"),
        input: r#"{"order": 1001, "customer": "ada@example.com", "amount": 120, "items": [{"sku": "tea", "quantity": 2}]}"#,
    },
    Sample {
        name: "sample-approval",
        machine_type: MachineType::Standard,
        definition: include_str!("../../workflows/approval.asl.json"),
        input: r#"{"what": "a new kettle", "amount": 80}"#,
    },
    Sample {
        name: "sample-fan-out",
        machine_type: MachineType::Standard,
        definition: include_str!("../../workflows/fan-out.asl.json"),
        input: r#"{"currency": "EUR", "items": ["tea", "milk", "sugar", "lemon"]}"#,
    },
    Sample {
        name: "sample-quote",
        machine_type: MachineType::Express,
        definition: include_str!("../../workflows/quote.asl.json"),
        input: r#"{"item": "tea", "currency": "EUR", "budget": 20}"#,
    },
    Sample {
        name: "sample-nested",
        machine_type: MachineType::Standard,
        definition: include_str!("../../workflows/nested.asl.json"),
        input: r#"{"orders": [{"order": 1, "customer": "ada@example.com", "amount": 20, "items": []}, {"order": 2, "customer": "bob@example.com", "amount": 5000, "items": []}]}"#,
    },
    Sample {
        name: "sample-invoice",
        machine_type: MachineType::Standard,
        definition: include_str!("../../workflows/invoice.asl.json"),
        input: r#"{"customer": "ada@example.com", "currency": "EUR", "lines": [{"item": "tea", "quantity": 2}, {"item": "milk", "quantity": 12}]}"#,
    },
    Sample {
        name: "sample-stock",
        machine_type: MachineType::Standard,
        definition: include_str!("../../workflows/stock.asl.json"),
        input: r#"{"bucket": "samples", "key": "stock.csv", "currency": "EUR"}"#,
    },
];

/// The bucket of what samples read, and the files in it.
const BUCKET: &str = "samples";
const FILES: [(&str, &str); 1] = [("stock.csv", include_str!("../../workflows/stock.csv"))];

/// Why the samples could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("listening for the samples' functions")]
    Listen(#[source] std::io::Error),
    #[error("registering the samples' functions")]
    Register(#[source] sqlx::Error),
    #[error("creating the machine {name}: {message}")]
    Machine { name: &'static str, message: String },
}

/// Serves the samples' functions until `stop`, registers them, and creates the machines.
pub async fn load(
    app: &Shared,
    jobs: &TaskTracker,
    stop: CancellationToken,
) -> Result<(), LoadError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = TcpListener::bind(address)
        .await
        .map_err(LoadError::Listen)?;
    let address = listener.local_addr().map_err(LoadError::Listen)?;
    let service = functions::routes(app.engine.clone());
    jobs.spawn(async move {
        let serving = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = serving.await {
            tracing::error!(%error, "the samples' functions ended");
        }
    });
    for name in functions::NAMES {
        register(app, name, address)
            .await
            .map_err(LoadError::Register)?;
    }
    for (key, text) in FILES {
        let put = app.engine.objects().put(BUCKET, key, text.into()).await;
        // An S3 endpoint may have no such bucket; the other samples do without.
        if let Err(error) = put {
            tracing::warn!(bucket = BUCKET, key, %error, "a sample's file cannot be written");
        }
    }
    for sample in SAMPLES {
        create(app, sample)
            .await
            .map_err(|error| LoadError::Machine {
                name: sample.name,
                message: error.message,
            })?;
    }
    Ok(())
}

async fn register(app: &Shared, name: &str, address: SocketAddr) -> Result<(), sqlx::Error> {
    const TIMEOUT_MS: i32 = 10_000;
    let now = app.now();
    let function = Function {
        name: name.to_owned(),
        url: format!("http://{address}/{name}"),
        timeout_ms: TIMEOUT_MS,
        headers: "{}".to_owned(),
        secret_names: Vec::new(),
        sealed: None,
        created_at: now,
        updated_at: now,
    };
    store::function::put(&app.db, &function).await?;
    Ok(())
}

/// Creates the machine, or gives it the definition of this build.
async fn create(app: &Shared, sample: Sample) -> Result<(), ApiError> {
    let (region, account) = (
        app.settings.region.as_str(),
        app.settings.account_id.as_str(),
    );
    // The files name the default region and account, so that they can be read and deployed as they are.
    let ours = format!("{region}:{account}:");
    let definition = sample.definition.replace("us-east-1:000000000000:", &ours);
    let change = json!({
        "stateMachineArn": app.arns.machine(sample.name),
        "definition": definition,
    });
    match wire::perform(app, "UpdateStateMachine", change).await {
        Err(error) if error.code == Code::StateMachineDoesNotExist => {
            let new = json!({
                "name": sample.name,
                "type": match sample.machine_type {
                    MachineType::Standard => "STANDARD",
                    MachineType::Express => "EXPRESS",
                },
                "definition": definition,
                "roleArn": format!("arn:aws:iam::{account}:role/stepwright"),
            });
            wire::perform(app, "CreateStateMachine", new)
                .await
                .map(drop)
        }
        other => other.map(drop),
    }
}
