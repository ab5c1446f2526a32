//! The fields of a JSON object, each parsed into its own type, all faults collected.
//!
//! ```
//! # use chassis::{extract::Fields, Problem};
//! # fn parse_name(text: String) -> Result<String, &'static str> { Ok(text) }
//! # fn handler(mut fields: Fields) -> Result<(), Problem> {
//! let name = fields.required("name", parse_name);
//! let age = fields.optional("age", |years: u64| u8::try_from(years).map_err(|_| "must be at most 255"));
//! // From here on both are right, or the answer is 422 with every field that is wrong.
//! let (name, age): (String, Option<u8>) = fields.finish((name, age))?;
//! # Ok(()) }
//! ```

use std::fmt::Display;

use axum::extract::{FromRequest, Request};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value};

use super::{
    body::{read_body, require_no_coding},
    json::{self, Repeated},
};
use crate::{
    Problem,
    problem::{FieldError, kind, shortened},
};

/// Field errors that one answer lists; a hostile body could name a hundred thousand.
const ERRORS_MAX: usize = 20;

/// A JSON object whose fields are still to be parsed. As an extractor it has read the whole body: another
/// content type or a content coding is 415, a body over the limit 413, malformed JSON 400, another JSON value
/// than an object 422.
#[derive(Debug)]
pub struct Fields {
    unread: Map<String, Value>,
    repeated: Repeated,
    errors: Vec<FieldError>,
    /// Whether there are more errors than are listed.
    more: bool,
}

/// One field's value, to be had from [`Fields::finish`] once all fields are known to be right.
#[derive(Debug)]
#[must_use = "hand it to `Fields::finish`"]
pub struct Field<T>(Option<T>);

impl<T> Field<T> {
    /// The value, if it is right, for a look at it beside others; where it is not, [`Fields::finish`] tells.
    pub fn take(self) -> Option<T> {
        self.0
    }
}

impl Fields {
    /// A field that must be there.
    pub fn required<I: Input, T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(I) -> Result<T, E>,
    ) -> Field<T> {
        let Some(value) = self.unread.shift_remove(name) else {
            self.fault(name, "is required");
            return Field(None);
        };
        Field(self.parse(name, value, parse))
    }

    /// A field that may be missing or null.
    pub fn optional<I: Input, T, E: Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(I) -> Result<T, E>,
    ) -> Field<Option<T>> {
        match self.unread.shift_remove(name) {
            None | Some(Value::Null) => Field(Some(None)),
            Some(value) => Field(self.parse(name, value, parse).map(Some)),
        }
    }

    /// A field that may be missing or null: an array, each of whose items is parsed, and found fault with, by itself.
    pub fn optional_each<I: Input, T, E: Display>(
        &mut self,
        name: &str,
        parse: impl Fn(I) -> Result<T, E>,
    ) -> Field<Option<Vec<T>>> {
        let items = match self.unread.shift_remove(name) {
            None | Some(Value::Null) => return Field(Some(None)),
            Some(value) => self.parse(name, value, Ok::<Vec<Value>, String>),
        };
        let Some(items) = items else { return Field(None) };
        let mut whole = Some(Vec::with_capacity(items.len()));
        for (at, item) in items.into_iter().enumerate() {
            match I::from_value(item).and_then(|input| parse(input).map_err(|error| error.to_string())) {
                Ok(item) => drop(whole.as_mut().map(|whole| whole.push(item))),
                Err(detail) => {
                    self.fault_at(json::pointer([name, &at.to_string()]), detail);
                    whole = None;
                }
            }
        }
        Field(whole.map(Some))
    }

    /// Whether a field was found to be wrong.
    pub fn has_faults(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Finds fault with a field that is right by itself, and not beside others.
    pub fn refuse(&mut self, name: &str, detail: impl Into<String>) {
        self.fault(name, detail);
    }

    /// The values, if every field was right, none was given twice and none is left unread.
    pub fn finish<P: Parsed>(mut self, fields: P) -> Result<P::Values, Problem> {
        let repeated = std::mem::take(&mut self.repeated);
        for pointer in repeated.pointers {
            self.fault_at(pointer, "is given more than once");
        }
        self.more |= repeated.more;
        for name in std::mem::take(&mut self.unread).keys() {
            self.fault(name, "is not a field that is known here");
        }
        match fields.values() {
            Some(values) if self.errors.is_empty() => Ok(values),
            _ if self.more => Err(Problem::more_invalid_fields(self.errors)),
            _ => Err(Problem::invalid_fields(self.errors)),
        }
    }

    fn parse<I: Input, T, E: Display>(
        &mut self,
        name: &str,
        value: Value,
        parse: impl FnOnce(I) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = I::from_value(value).and_then(|input| parse(input).map_err(|error| error.to_string()));
        parsed.map_err(|detail| self.fault(name, detail)).ok()
    }

    fn fault(&mut self, name: &str, detail: impl Into<String>) {
        if self.more {
            return;
        }
        self.fault_at(json::pointer([name]), detail);
    }

    fn fault_at(&mut self, pointer: String, detail: impl Into<String>) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(FieldError { pointer, detail: detail.into() });
        } else {
            self.more = true;
        }
    }

    /// The fields of a JSON object that came in another way than as a request's body.
    pub fn from_json(bytes: &[u8]) -> Result<Self, NoFields> {
        let text = std::str::from_utf8(bytes).map_err(|error| NoFields::NotUtf8(error.valid_up_to()))?;
        let (value, repeated) = json::read(text, ERRORS_MAX).map_err(NoFields::NotJson)?;
        match value {
            Value::Object(unread) => Ok(Self { unread, repeated, errors: Vec::new(), more: false }),
            other => Err(NoFields::NotAnObject(name_of(&other))),
        }
    }
}

/// Why bytes have no fields; the sentence wants a subject.
#[derive(Debug, thiserror::Error)]
pub enum NoFields {
    /// Not text: the first byte that is none stands at this offset.
    #[error("is not UTF-8: see the byte at offset {0}")]
    NotUtf8(usize),
    /// Not JSON.
    #[error("is not valid JSON: {0}")]
    NotJson(serde_json::Error),
    /// Another JSON value, which this says the kind of.
    #[error("must be a JSON object, not {0}")]
    NotAnObject(&'static str),
}

impl From<NoFields> for Problem {
    fn from(error: NoFields) -> Self {
        let detail = format!("The body {error}.");
        match error {
            NoFields::NotUtf8(_) | NoFields::NotJson(_) => kind::MALFORMED_REQUEST.because(detail),
            NoFields::NotAnObject(_) => {
                Self::invalid_fields(vec![FieldError { pointer: String::new(), detail }])
            }
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        require_json(&parts.headers)?;
        require_no_coding(&parts.headers)?;
        let bytes = read_body(body).await?;
        Ok(Self::from_json(&bytes)?)
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let refuse = |what: String| {
        kind::UNSUPPORTED_MEDIA_TYPE
            .because(format!("{what}; send JSON in UTF-8 with Content-Type: application/json."))
            .header(header::ACCEPT, HeaderValue::from_static("application/json"))
    };
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Err(refuse("The request has no Content-Type".to_owned()));
    };
    let text = value.to_str().unwrap_or_default();
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json =
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if !json {
        return Err(refuse(format!("The request's Content-Type is {:?}", shortened(text.chars()))));
    }
    for parameter in parts {
        if let Some((name, charset)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("charset")
            && !charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        {
            return Err(refuse(format!("The request's charset is {:?}", shortened(charset.chars()))));
        }
    }
    Ok(())
}

/// What a field's parser can start from.
pub trait Input: Sized {
    /// The value in this type, or what it must be and what it is instead.
    fn from_value(value: Value) -> Result<Self, String>;
}

macro_rules! inputs {
    ($($type:ty, $wanted:literal, $pattern:pat => $value:expr;)*) => {$(
        impl Input for $type {
            fn from_value(value: Value) -> Result<Self, String> {
                match value {
                    $pattern => $value,
                    other => Err(format!("must be {}, not {}", $wanted, name_of(&other))),
                }
            }
        }
    )*};
}

inputs! {
    String, "a string", Value::String(text) => Ok(text);
    bool, "true or false", Value::Bool(value) => Ok(value);
    Vec<Value>, "an array", Value::Array(items) => Ok(items);
    Map<String, Value>, "an object", Value::Object(map) => Ok(map);
    u64, "a whole number", Value::Number(number) =>
        number.as_u64().ok_or_else(|| format!("must be a whole number from 0 to {}", u64::MAX));
    i64, "a whole number", Value::Number(number) =>
        number.as_i64().ok_or_else(|| format!("must be a whole number from {} to {}", i64::MIN, i64::MAX));
}

impl Input for Value {
    fn from_value(value: Value) -> Result<Self, String> {
        Ok(value)
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// One [`Field`] or a tuple of them.
pub trait Parsed {
    /// What they hold.
    type Values;
    /// The values, if all are there.
    fn values(self) -> Option<Self::Values>;
}

/// All of them were taken one by one.
impl Parsed for () {
    type Values = ();

    fn values(self) -> Option<()> {
        Some(())
    }
}

impl<T> Parsed for Field<T> {
    type Values = T;

    fn values(self) -> Option<T> {
        self.0
    }
}

macro_rules! tuples {
    ($(($($name:ident)+))*) => {$(
        impl<$($name),+> Parsed for ($(Field<$name>,)+) {
            type Values = ($($name,)+);

            #[allow(non_snake_case, reason = "the type's name is the variable's too")]
            fn values(self) -> Option<Self::Values> {
                let ($($name,)+) = self;
                Some(($($name.0?,)+))
            }
        }
    )*};
}

tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }
