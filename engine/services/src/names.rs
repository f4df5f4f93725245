//! Names as Step Functions writes them: members and operations with a capital, exceptions as the SDK
//! for Java names its classes.

/// `TableName` of `tableName`. Source: developer guide, "AWS SDK service integrations": parameters
/// are in PascalCase, whatever the service's own API says.
pub(crate) fn pascal(member: &str) -> String {
    let mut letters = member.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Whether a member of the model is what an argument's name means.
pub(crate) fn is_pascal_of(argument: &str, member: &str) -> bool {
    let (mut one, mut other) = (argument.chars(), member.chars());
    one.next() == other.next().map(|first| first.to_ascii_uppercase()) && one.eq(other)
}

/// `NoSuchKeyException` of `NoSuchKey`. Source: SDK for Java v2, `NamingStrategy.getExceptionName`.
pub(crate) fn exception(shape: &str) -> String {
    let name = pascal(shape);
    match name.strip_suffix("Fault") {
        Some(stem) => format!("{stem}Exception"),
        None if name.ends_with("Exception") => name,
        None => format!("{name}Exception"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_get_a_capital() {
        for (member, expected) in [("tableName", "TableName"), ("ACL", "ACL"), ("", "")] {
            assert_eq!(pascal(member), expected);
            assert!(is_pascal_of(expected, member));
        }
        assert!(!is_pascal_of("tableName", "tableName"));
        assert!(!is_pascal_of("Table", "tableName"));
    }

    #[test]
    fn exceptions_are_named_as_their_classes() {
        for (shape, expected) in [
            ("NoSuchKey", "NoSuchKeyException"),
            ("ResourceNotFoundException", "ResourceNotFoundException"),
            ("DBInstanceNotFoundFault", "DBInstanceNotFoundException"),
            ("invalidState", "InvalidStateException"),
        ] {
            assert_eq!(exception(shape), expected);
        }
    }
}
