//! Every operation of two services of each protocol, against what the official client sends and reads.
//! The cases are made by `scripts/model_cases.py`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use asl::Json;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::model;

/// Parts of a message that the official client adds for itself.
const OWN_HEADERS: [&str; 1] = ["x-amzn-query-mode"];

struct Cases {
    service: &'static str,
    failed: Vec<String>,
    count: usize,
}

impl Cases {
    fn run(service: &'static str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("cases/{service}.jsonl.gz"));
        let lines = BufReader::new(GzDecoder::new(File::open(path).unwrap())).lines();
        let mut cases = Self {
            service,
            failed: Vec::new(),
            count: 0,
        };
        for line in lines {
            cases.one(&asl::json::parse(&line.unwrap()).unwrap());
        }
        cases
    }

    fn one(&mut self, case: &Json) {
        self.count += 1;
        let service = model::service(self.service).unwrap();
        let name = case.get("operation").unwrap().as_str().unwrap();
        let (_, operation) = service.operation(name).unwrap();
        let arguments = case.get("arguments").unwrap();
        let problems = crate::arguments::problems(&service, operation, arguments);
        if !problems.is_empty() {
            self.failed.push(format!("{name}: arguments: {problems:?}"));
            return;
        }
        match request(&service, name, operation, arguments, "token") {
            Ok(prepared) => self.compare_request(name, &prepared, case.get("request").unwrap()),
            Err(problem) => self.failed.push(format!("{name}: {problem}")),
        }
        let found = output(&service, operation, &answer(case.get("answer").unwrap()));
        let found = found.unwrap_or_else(Json::string);
        let expected = case.get("output").unwrap();
        if sorted(&found) != sorted(expected) {
            self.failed.push(format!(
                "{name}: output\n    found    {}\n    expected {}",
                found.to_text(),
                expected.to_text()
            ));
        }
        for error in case.get("errors").and_then(Json::as_array).unwrap() {
            let answer = answer(error.get("answer").unwrap());
            let shape = error.get("shape").unwrap().as_str().unwrap();
            let (code, message) = fault(&service, &answer);
            let code = code.unwrap_or_default();
            let listed = operation.errors.iter().find(|error| error.is_code(&code));
            let is_it = listed.is_some_and(|error| {
                // Several shapes may share a code; the first is then as good as any.
                error.shape() == shape || error.is_code(&code)
            });
            if !is_it || message != "It is <not> so" {
                self.failed
                    .push(format!("{name}: error {shape}: {code}: {message}"));
            }
        }
    }

    fn compare_request(&mut self, name: &str, found: &Prepared, expected: &Json) {
        let text = |member| {
            expected
                .get(member)
                .and_then(Json::as_str)
                .unwrap_or_default()
        };
        let mut wrong = |what: &str, found: &str, expected: &str| {
            if found != expected {
                let difference =
                    format!("{name}: {what}\n    found    {found}\n    expected {expected}");
                self.failed.push(difference);
            }
        };
        wrong("method", found.method.as_str(), text("method"));
        wrong("path", &found.path, text("path"));
        let mut query: Vec<String> = found
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        query.sort();
        let pairs = expected
            .get("query")
            .and_then(Json::as_array)
            .unwrap_or_default();
        let pair = |pair: &Json| {
            let parts: Vec<&str> = pair
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Json::as_str)
                .collect();
            parts.join("=")
        };
        let mut pairs: Vec<String> = pairs.iter().map(pair).collect();
        pairs.sort();
        wrong("query", &query.join("&"), &pairs.join("&"));
        let headers = expected.get("headers").and_then(Json::as_object).unwrap();
        for (header, value) in headers {
            let value = value.as_str().unwrap_or_default();
            let found = found.headers.get(&**header);
            let found = found.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            if !OWN_HEADERS.contains(&&**header) && !value.is_empty() && &**header != "content-type"
            {
                wrong(header, &found.unwrap_or_default(), value);
            }
        }
        let body = String::from_utf8(found.body.clone()).unwrap();
        if let Some(form) = expected.get("form").and_then(Json::as_array) {
            let mut pairs: Vec<String> = form
                .iter()
                .map(|pair| {
                    let pair = pair.as_array().unwrap();
                    let [name, value] = [0, 1].map(|at: usize| pair[at].as_str().unwrap());
                    format!("{}={}", encode(name), encode(value))
                })
                .collect();
            pairs.sort();
            let mut found: Vec<&str> = body.split('&').collect();
            found.sort_unstable();
            wrong("form", &found.join("&"), &pairs.join("&"));
            return;
        }
        let expected = text("text");
        if expected.starts_with('<') {
            wrong("XML", &tree(&body), &tree(expected));
        } else if let (Ok(one), Ok(other)) = (asl::json::parse(&body), asl::json::parse(expected)) {
            wrong("JSON", &sorted(&one).to_text(), &sorted(&other).to_text());
        } else {
            wrong("body", &body, expected);
        }
    }
}

fn answer(case: &Json) -> Answer {
    let mut headers = HeaderMap::new();
    for (name, value) in case.get("headers").and_then(Json::as_object).unwrap() {
        headers.insert(
            HeaderName::try_from(&**name).unwrap(),
            HeaderValue::from_str(value.as_str().unwrap()).unwrap(),
        );
    }
    let status = case.get("status").unwrap().as_number().unwrap().as_i64();
    Answer {
        status: u16::try_from(status.unwrap()).unwrap(),
        headers,
        body: case
            .get("body")
            .unwrap()
            .as_str()
            .unwrap()
            .as_bytes()
            .to_vec(),
    }
}

/// The same value with members by name, and numbers by value.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Array(items) => Json::array(items.iter().map(sorted).collect()),
        Json::Object(members) => {
            let mut members: Vec<_> = members
                .iter()
                .map(|(name, value)| (name.clone(), sorted(value)))
                .collect();
            members.sort_by(|one, other| one.0.cmp(&other.0));
            Json::object(members.into_iter().collect())
        }
        Json::Number(number) => {
            asl::json::Number::from_f64(number.as_f64()).map_or(Json::Null, Json::Number)
        }
        other => other.clone(),
    }
}

/// A document without what does not matter in it: prefixes and the order of attributes.
fn tree(text: &str) -> String {
    fn of(node: roxmltree::Node<'_, '_>, out: &mut String) {
        if node.is_text() {
            out.push_str(node.text().unwrap_or_default());
        }
        if !node.is_element() {
            return;
        }
        let name = node.tag_name();
        let mut attributes: Vec<String> = node
            .attributes()
            .map(|attribute| format!(" {}={:?}", attribute.name(), attribute.value()))
            .collect();
        attributes.sort();
        for part in ["<", name.name(), &attributes.join(""), ">"] {
            out.push_str(part);
        }
        node.children().for_each(|child| of(child, out));
        out.push_str("</>");
    }
    let document = xml::parse(text).unwrap_or_else(|problem| panic!("{problem}: {text}"));
    let mut out = String::new();
    of(document.root_element(), &mut out);
    out
}

#[track_caller]
fn check(service: &'static str, at_least: usize) {
    let cases = Cases::run(service);
    assert!(cases.count >= at_least, "{} cases", cases.count);
    assert!(
        cases.failed.is_empty(),
        "{} differences in {} operations of {service}:\n{}",
        cases.failed.len(),
        cases.count,
        cases
            .failed
            .iter()
            .take(12)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    );
}

#[test]
fn json_services_are_called_as_the_official_client_calls_them() {
    check("dynamodb", 50);
    check("sqs", 20);
}

#[test]
fn rest_json_services_are_called_as_the_official_client_calls_them() {
    check("lambda", 60);
    check("batch", 20);
}

#[test]
fn rest_xml_services_are_called_as_the_official_client_calls_them() {
    check("s3", 90);
    check("route53", 60);
}

#[test]
fn query_services_are_called_as_the_official_client_calls_them() {
    check("sns", 40);
    check("autoscaling", 60);
}

#[test]
fn ec2_is_called_as_the_official_client_calls_it() {
    check("ec2", 600);
}
