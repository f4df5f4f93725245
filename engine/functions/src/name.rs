//! How a definition names a function: by ARN, by part of one, or by name, with a qualifier or not.

use std::sync::Arc;

/// The account that ARNs are completed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// As in `us-east-1`.
    pub region: Arc<str>,
    /// Twelve digits.
    pub id: Arc<str>,
}

/// A function as a workflow names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName {
    /// 1 to 64 letters, digits, hyphens and underscores (140 in all were allowed for the whole).
    pub name: Arc<str>,
    /// A version, an alias or `$LATEST`, where one is given.
    pub qualifier: Option<Arc<str>>,
    /// The text as it was written.
    pub written: Arc<str>,
}

/// A text that names no function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' does not name a function")]
pub struct NameError(pub String);

impl FunctionName {
    /// Reads `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`, `ACCOUNT:function:NAME`,
    /// `function:NAME` or `NAME`, each with or without `:QUALIFIER`.
    /// Source: `NamespacedFunctionName` in Lambda's service model.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let bad = || NameError(text.chars().take(200).collect());
        let rest = if let Some(arn) = text.strip_prefix("arn:") {
            let mut parts = arn.splitn(6, ':');
            let mut part = || parts.next().ok_or_else(bad);
            let (partition, service, region, account, kind) =
                (part()?, part()?, part()?, part()?, part()?);
            if !partition.starts_with("aws")
                || service != "lambda"
                || kind != "function"
                || region.is_empty()
                || !is_account(account)
            {
                return Err(bad());
            }
            part()?
        } else {
            let local = match text.split_once(':') {
                Some((account, rest)) if is_account(account) && rest.starts_with("function:") => {
                    rest
                }
                _ => text,
            };
            local.strip_prefix("function:").unwrap_or(local)
        };
        let (name, qualifier) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (rest, None),
        };
        if !is_name(name) || !qualifier.is_none_or(is_qualifier) {
            return Err(bad());
        }
        Ok(Self {
            name: Arc::from(name),
            qualifier: qualifier.map(Arc::from),
            written: Arc::from(text),
        })
    }

    /// With the qualifier of the separate `Qualifier` parameter. One in the name must be the same.
    pub fn qualified(mut self, qualifier: &str) -> Result<Self, NameError> {
        let fits = self.qualifier.as_deref().is_none_or(|own| own == qualifier);
        if !fits || !is_qualifier(qualifier) {
            return Err(NameError(format!("{}:{qualifier}", self.written)));
        }
        self.qualifier = Some(Arc::from(qualifier));
        Ok(self)
    }

    /// The whole ARN with its qualifier, `$LATEST` where none was given: how Lambda's errors
    /// name a function.
    pub fn qualified_arn(&self, account: &Account) -> String {
        let qualifier = self.qualifier.as_deref().unwrap_or("$LATEST");
        if let Some(arn) = self.written.strip_prefix("arn:") {
            let end = arn
                .match_indices(':')
                .nth(5)
                .map_or(arn.len(), |(at, _)| at);
            let unqualified = arn.get(..end).unwrap_or(arn);
            return format!("arn:{unqualified}:{qualifier}");
        }
        format!(
            "arn:aws:lambda:{}:{}:function:{}:{qualifier}",
            account.region, account.id, self.name
        )
    }
}

/// Whether `text` can be a function's name.
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_qualifier(text: &str) -> bool {
    text == "$LATEST"
        || ((1..=128).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            region: Arc::from("us-east-1"),
            id: Arc::from("000000000000"),
        }
    }

    #[track_caller]
    fn check(text: &str, name: &str, qualifier: Option<&str>, arn: &str) {
        let read = FunctionName::parse(text).unwrap();
        assert_eq!(&*read.name, name);
        assert_eq!(read.qualifier.as_deref(), qualifier);
        assert_eq!(read.qualified_arn(&account()), arn);
    }

    #[test]
    fn every_form_is_read() {
        let own = "arn:aws:lambda:us-east-1:000000000000:function:charge";
        check("charge", "charge", None, &format!("{own}:$LATEST"));
        check("charge:7", "charge", Some("7"), &format!("{own}:7"));
        check("function:charge", "charge", None, &format!("{own}:$LATEST"));
        check(
            "000000000000:function:charge:live",
            "charge",
            Some("live"),
            &format!("{own}:live"),
        );
        let far = "arn:aws-cn:lambda:cn-north-1:123456789012:function:a_b-C";
        check(far, "a_b-C", None, &format!("{far}:$LATEST"));
        check(
            &format!("{far}:$LATEST"),
            "a_b-C",
            Some("$LATEST"),
            &format!("{far}:$LATEST"),
        );
        check(
            &format!("{far}:12"),
            "a_b-C",
            Some("12"),
            &format!("{far}:12"),
        );
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "a b",
            "a:b:c",
            "a:",
            "arn:aws:lambda:us-east-1:1:function:a",
            "arn:aws:lambda:us-east-1:000000000000:layer:a",
            "arn:aws:lambda:us-east-1:000000000000:function",
            "arn:aws:s3:us-east-1:000000000000:function:a",
            "a:$OLDEST",
            "näme",
            &"x".repeat(65),
        ] {
            assert!(FunctionName::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_separate_qualifier_must_not_contradict_the_name() {
        let name = FunctionName::parse("charge").unwrap();
        assert_eq!(
            name.clone().qualified("live").unwrap().qualifier.as_deref(),
            Some("live")
        );
        assert!(name.qualified("a b").is_err());
        let name = FunctionName::parse("charge:7").unwrap();
        assert!(name.clone().qualified("7").is_ok());
        assert!(name.qualified("8").is_err());
    }
}
