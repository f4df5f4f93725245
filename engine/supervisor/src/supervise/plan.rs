//! What the launcher is to start for a function: program, arguments, environment. Source of the
//! variables: Lambda developer guide, "Defined runtime environment variables".

use std::path::{Path, PathBuf};

use launcher::{Bind, Group, Level, Limits, Plan, Sandbox};

use super::{Refused, Supervisor};
use crate::function::{Deployed, Runtime};
use crate::interpreters::Interpreters;
use crate::limits;

/// The search path inside a function.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/opt/bin";

const LIMITS: Limits = Limits {
    open_files: limits::OPEN_FILES_MAX,
    file_bytes: limits::FILE_BYTES_MAX,
    tasks: limits::TASKS_MAX,
};

/// Where an instance sees files of the host: where Lambda puts them, or in place at the level `process`.
struct Places {
    binds: Option<Vec<Bind>>,
}

impl Places {
    fn new(has_sandbox: bool) -> Self {
        Self {
            binds: has_sandbox.then(Vec::new),
        }
    }

    /// Gives the path as the instance sees it.
    fn put(&mut self, host: &Path, inside: &str) -> PathBuf {
        let Some(binds) = &mut self.binds else {
            return host.to_owned();
        };
        binds.push(Bind {
            host: host.to_owned(),
            inside: inside.into(),
        });
        inside.into()
    }

    /// Under its own path.
    fn keep(&mut self, host: &Path) {
        if let Some(binds) = &mut self.binds {
            binds.push(Bind {
                host: host.to_owned(),
                inside: host.to_owned(),
            });
        }
    }
}

fn group(level: Level, unique: u64, memory_mb: u32) -> Option<Group> {
    (level == Level::Full).then(|| Group {
        name: launcher::group::name(std::process::id(), unique),
        memory_bytes: u64::from(memory_mb) << 20,
        tasks: limits::TASKS_MAX,
        weight: u64::from(memory_mb),
    })
}

impl Supervisor {
    /// `code` is the folder of the unpacked package; `unique` has never been given before.
    pub(super) fn plan(
        &self,
        function: &Deployed,
        level: Level,
        code: &Path,
        unique: u64,
        interpreters: &Interpreters,
    ) -> Result<Plan, Refused> {
        let mut places = Places::new(level != Level::Process);
        let folder = places.put(code, "/var/task");
        let root = folder.display().to_string();
        let mut environment = self.environment(function, &root, unique);
        // In a sandbox nothing but the Runtime API can be reached.
        if let Some(endpoint) = self.endpoint.as_ref().filter(|_| level == Level::Process) {
            environment.push(("AWS_ENDPOINT_URL".to_owned(), endpoint.clone()));
        }
        let (program, arguments) = match &function.runtime {
            Runtime::Provided(_) => (folder.join("bootstrap"), Vec::new()),
            runtime => {
                let interpreter = interpreters.get(runtime).ok_or_else(|| {
                    Refused::NotHere(format!(
                        "this node has no runtime '{}'; it has {}",
                        runtime.name(),
                        interpreters.names().join(", ")
                    ))
                })?;
                let arguments = match runtime {
                    Runtime::Node { .. } => {
                        let bootstrap = places.put(&self.bootstrap, "/var/runtime/bootstrap.mjs");
                        vec![bootstrap.display().to_string()]
                    }
                    Runtime::Python { .. } | Runtime::Provided(_) => vec![
                        "-m".to_owned(),
                        "awslambdaric".to_owned(),
                        function.handler.to_string(),
                    ],
                };
                if let Some(client) = &interpreter.client {
                    let client = places.put(client, "/var/runtime/python");
                    environment.push(("PYTHONPATH".to_owned(), client.display().to_string()));
                }
                for part in &interpreter.parts {
                    places.keep(part);
                }
                (interpreter.program.clone(), arguments)
            }
        };
        let own = function.environment.iter();
        environment.extend(own.map(|(name, value)| (name.clone(), value.expose().to_owned())));
        let sandbox = places.binds.map(|binds| Sandbox {
            root: self.root.clone(),
            user: self.user_of(&function.name),
            binds,
            scratch_bytes: limits::SCRATCH_BYTES,
            group: group(level, unique, function.memory_mb),
        });
        Ok(Plan {
            level,
            program,
            arguments,
            environment,
            folder,
            limits: LIMITS,
            sandbox,
        })
    }

    /// The plan of a program that does nothing, to find out whether a level holds here.
    pub(super) fn trial(&self, level: Level, unique: u64) -> Plan {
        Plan {
            level,
            program: "/bin/true".into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: "/".into(),
            limits: LIMITS,
            sandbox: Some(Sandbox {
                root: self.root.clone(),
                user: limits::USERS.start,
                binds: Vec::new(),
                scratch_bytes: 1 << 20,
                group: group(level, unique, 64),
            }),
        }
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
        variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}
