//! What the launcher is to start for a function: program, arguments, environment. Source of the
//! variables: Lambda developer guide, "Defined runtime environment variables".

use std::path::Path;

use launcher::{Level, Limits, Plan};

use super::{Refused, Supervisor};
use crate::function::{Deployed, Runtime};
use crate::interpreters::Interpreters;
use crate::limits;

/// The search path inside a function.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/opt/bin";

impl Supervisor {
    /// `code` is the folder of the unpacked package.
    pub(super) fn plan(
        &self,
        function: &Deployed,
        level: Level,
        code: &Path,
        stream: u64,
        interpreters: &Interpreters,
    ) -> Result<Plan, Refused> {
        let root = code.display().to_string();
        let mut environment = self.environment(function, &root, stream);
        let (program, arguments) = match &function.runtime {
            Runtime::Provided(_) => (code.join("bootstrap"), Vec::new()),
            runtime => {
                let interpreter = interpreters.get(runtime).ok_or_else(|| {
                    Refused::NotHere(format!(
                        "this node has no runtime '{}'; it has {}",
                        runtime.name(),
                        interpreters.names().join(", ")
                    ))
                })?;
                let arguments = match runtime {
                    Runtime::Node { .. } => vec![self.bootstrap.display().to_string()],
                    Runtime::Python { .. } | Runtime::Provided(_) => vec![
                        "-m".to_owned(),
                        "awslambdaric".to_owned(),
                        function.handler.to_string(),
                    ],
                };
                if let Some(client) = &interpreter.client {
                    environment.push(("PYTHONPATH".to_owned(), client.display().to_string()));
                }
                (interpreter.program.clone(), arguments)
            }
        };
        let own = function.environment.iter();
        environment.extend(own.map(|(name, value)| (name.clone(), value.expose().to_owned())));
        Ok(Plan {
            level,
            program,
            arguments,
            environment,
            folder: code.to_owned(),
            limits: Limits {
                open_files: limits::OPEN_FILES_MAX,
                file_bytes: limits::FILE_BYTES_MAX,
            },
        })
    }

    fn environment(&self, function: &Deployed, root: &str, stream: u64) -> Vec<(String, String)> {
        let began = (self.clock)().to_chrono().format("%Y/%m/%d");
        let variables = [
            ("AWS_LAMBDA_FUNCTION_NAME", function.name.to_string()),
            ("AWS_LAMBDA_FUNCTION_VERSION", function.version.to_string()),
            (
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                function.memory_mb.to_string(),
            ),
            (
                "AWS_LAMBDA_LOG_GROUP_NAME",
                format!("/aws/lambda/{}", function.name),
            ),
            (
                "AWS_LAMBDA_LOG_STREAM_NAME",
                format!("{began}/[{}]{stream:032x}", function.version),
            ),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            (
                "AWS_EXECUTION_ENV",
                format!("AWS_Lambda_{}", function.runtime.name()),
            ),
            ("AWS_REGION", self.region.clone()),
            ("AWS_DEFAULT_REGION", self.region.clone()),
            ("_HANDLER", function.handler.to_string()),
            ("LAMBDA_TASK_ROOT", root.to_owned()),
            ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
            ("LANG", "en_US.UTF-8".to_owned()),
            ("TZ", ":UTC".to_owned()),
            ("PATH", PATH.to_owned()),
            ("LD_LIBRARY_PATH", format!("{root}:{root}/lib:/opt/lib")),
            // Code is read-only, and nothing is to be written beside it.
            ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
            ("PYTHONUNBUFFERED", "1".to_owned()),
        ];
        let mut all: Vec<_> = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        if let Some(endpoint) = &self.endpoint {
            all.push(("AWS_ENDPOINT_URL".to_owned(), endpoint.clone()));
        }
        all
    }
}
