//! The page's types are those of the document: `dashboard/src/api.ts` is written from it. As a snapshot, it is written anew
//! with `INSTA_UPDATE=always`.

use std::fmt::Write as _;
use std::path::Path;

use super::*;

const HEAD: &str = "/**\n * The documents of the HTTP API, written from its OpenAPI document; not to be edited.\n * Anew: `INSTA_UPDATE=always cargo test -p hearthline-api typescript`.\n */\n";

#[test]
#[expect(clippy::disallowed_methods, reason = "a snapshot lies in the source tree")]
fn the_types_of_the_page_are_those_of_the_document() {
    let written = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboard/src/api.ts");
    let document = serde_json::from_str(include_str!("../routes/openapi.json")).unwrap();
    let types = types(&document);
    if std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
        std::fs::write(&written, &types).unwrap();
    }
    let there = std::fs::read_to_string(&written).unwrap();
    assert!(
        there == types,
        "the document has changed: INSTA_UPDATE=always cargo test -p hearthline-api typescript"
    );
}

#[test]
fn a_type_says_what_may_be_null_absent_or_anything() {
    let document = json!({ "components": { "schemas": {
        "Colour": { "enum": ["red", "blue"], "description": "one of two" },
        "Lamp": {
            "type": "object",
            "required": ["colour", "level", "more"],
            "properties": {
                "colour": { "oneOf": [{ "$ref": "#/components/schemas/Colour" }, { "type": "null" }] },
                "level": { "type": ["integer", "null"], "description": "0 to 255" },
                "names": { "type": "array", "items": { "enum": ["a", "b"] } },
                "more": { "type": "object", "additionalProperties": { "type": ["string", "boolean"] } },
                "raw": {},
            },
        },
    } } });
    let written = types(&document);
    assert_eq!(
        written.strip_prefix(HEAD).unwrap(),
        "
/** one of two */
export type Colour = 'red' | 'blue';

export interface Lamp {
  colour: Colour | null;
  /** 0 to 255 */
  level: number | null;
  more: Record<string, string | boolean>;
  names?: ('a' | 'b')[];
  raw?: unknown;
}
"
    );
}

/// A declaration for each schema, by name.
fn types(document: &Value) -> String {
    let mut written = HEAD.to_owned();
    let schemas: BTreeMap<_, _> = document["components"]["schemas"].as_object().unwrap().iter().collect();
    for (name, schema) in schemas {
        written.push('\n');
        comment(&mut written, schema, "");
        if schema["properties"].is_object() {
            writeln!(written, "export interface {name} {}", shape(schema, "")).unwrap();
        } else {
            writeln!(written, "export type {name} = {};", shape(schema, "")).unwrap();
        }
    }
    written
}

/// The type of a schema, in the part of JSON Schema that `openapi::conforms` checks.
fn shape(schema: &Value, indent: &str) -> String {
    let all = |of: &Value, each: &dyn Fn(&Value) -> String| {
        of.as_array().unwrap().iter().map(each).collect::<Vec<_>>().join(" | ")
    };
    if let Some(pointer) = schema["$ref"].as_str() {
        return pointer.rsplit('/').next().unwrap().to_owned();
    }
    if schema["oneOf"].is_array() {
        return all(&schema["oneOf"], &|schema| shape(schema, indent));
    }
    if schema["enum"].is_array() {
        return all(&schema["enum"], &|word| format!("'{}'", word.as_str().unwrap()));
    }
    match &schema["type"] {
        Value::Null => "unknown".to_owned(),
        Value::Array(_) => all(&schema["type"], &|kind| kind_of(schema, kind, indent)),
        kind => kind_of(schema, kind, indent),
    }
}

fn kind_of(schema: &Value, kind: &Value, indent: &str) -> String {
    match kind.as_str().unwrap() {
        "integer" | "number" => "number".to_owned(),
        "array" => match shape(&schema["items"], indent) {
            several if several.contains(" | ") && !several.ends_with('}') => format!("({several})[]"),
            one => format!("{one}[]"),
        },
        "object" => match (&schema["properties"], &schema["additionalProperties"]) {
            (Value::Object(properties), _) => object(schema, properties, indent),
            (_, Value::Null) => "Record<string, unknown>".to_owned(),
            (_, value) => format!("Record<string, {}>", shape(value, indent)),
        },
        simple => simple.to_owned(),
    }
}

fn object(schema: &Value, properties: &serde_json::Map<String, Value>, indent: &str) -> String {
    let inner = format!("{indent}  ");
    let mut written = "{\n".to_owned();
    for (name, property) in properties.iter().collect::<BTreeMap<_, _>>() {
        comment(&mut written, property, &inner);
        let required = schema["required"].as_array();
        let is_there = required.is_some_and(|names| names.iter().any(|required| required == name.as_str()));
        let absent = if is_there { "" } else { "?" };
        writeln!(written, "{inner}{name}{absent}: {};", shape(property, &inner)).unwrap();
    }
    written + indent + "}"
}

fn comment(written: &mut String, schema: &Value, indent: &str) {
    if let Some(words) = schema["description"].as_str() {
        writeln!(written, "{indent}/** {words} */").unwrap();
    }
}
