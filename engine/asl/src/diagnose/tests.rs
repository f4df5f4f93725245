use super::{
    MachineType, Severity, codes, invalid_definition_message, limits, parse,
    testing::{check, check_type},
};
