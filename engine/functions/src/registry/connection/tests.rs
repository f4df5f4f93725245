//! What a connection refuses, and what it does not show.

use super::*;

#[track_caller]
fn check(authorization: Authorization, parameters: Parameters, expected: &str) {
    let error = Connection::new("c", "1", authorization, parameters).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

fn api_key() -> Authorization {
    Authorization::ApiKey {
        name: "X-Api-Key".to_owned(),
        value: Secret::new("hunter22"),
    }
}

fn parameter(name: &str, value: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        value: Secret::new(value),
        is_secret: true,
    }
}

#[test]
fn what_is_wrong_is_named_without_secrets() {
    check(
        Authorization::Basic {
            username: "a:b".to_owned(),
            password: Secret::new("p"),
        },
        Parameters::default(),
        "basic.username: a user name has no colon (RFC 7617)",
    );
    check(
        Authorization::ApiKey {
            name: "Host".to_owned(),
            value: Secret::new("hunter22"),
        },
        Parameters::default(),
        "api_key.name: the header 'Host' is reserved",
    );
    check(
        api_key(),
        Parameters {
            headers: vec![parameter("X-A", "ok"), parameter("X-B", "hunter22\n")],
            ..Parameters::default()
        },
        "invocation_parameters.headers[1]: its value has a character that is not visible ASCII",
    );
    check(
        api_key(),
        Parameters {
            query: vec![parameter("", "x")],
            ..Parameters::default()
        },
        "invocation_parameters.query[0]: a name has 1 to 512 bytes",
    );
    check(
        api_key(),
        Parameters {
            body: vec![parameter("x", "x"); 101],
            ..Parameters::default()
        },
        "invocation_parameters.body: 101 are too many, 100 are allowed",
    );
    check(
        Authorization::OAuth(Box::new(OAuth {
            client_id: "id".to_owned(),
            client_secret: Secret::new("hunter22"),
            authorization_endpoint: "https://u:hunter22@login.test/token".to_owned(),
            method: TokenMethod::Post,
            client_authentication: ClientAuthentication::Header,
            parameters: Parameters::default(),
        })),
        Parameters::default(),
        "oauth.authorization_endpoint: 'login.test/token' is not allowed: put user and password into a secret Authorization header",
    );
}

#[test]
fn debug_shows_no_secret() {
    let parameters = Parameters {
        body: vec![parameter("x", "hunter22")],
        ..Parameters::default()
    };
    let connection = Connection::new("c", "1", api_key(), parameters).unwrap();
    assert!(!format!("{connection:?}").contains("hunter22"));
}
