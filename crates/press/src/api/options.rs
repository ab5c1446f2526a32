//! What a client may choose about its PDF, by the same names in JSON, in a form's `options` and in a query.

use chassis::{
    Problem,
    extract::Fields,
    problem::{FieldError, shortened},
};
use http::Uri;
use pdf_engine::Options;
use serde_json::Value;
use url::form_urlencoded;

use crate::convert::OnError;

/// What was chosen.
#[derive(Debug, Default)]
pub(super) struct Choices {
    pub(super) options: Options,
    /// `None` where nothing was said.
    pub(super) on_error: Option<OnError>,
}

impl Choices {
    /// Each choice there is.
    const NAMES: &[&str] = &["on_error", "first_frame_only"];

    /// Makes one of them; an error says what it must be.
    fn make(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "on_error" => self.on_error = Some(on_error(value)?),
            "first_frame_only" => self.options.first_frame_only = truth(value)?,
            _ => return Err("is not a choice that is known here".to_owned()),
        }
        Ok(())
    }
}

/// Takes the choices out of an object's fields. What is wrong with them, the fields will tell.
pub(super) fn read(fields: &mut Fields) -> Choices {
    let mut choices = Choices::default();
    for &name in Choices::NAMES {
        // An error stays with the fields.
        let _ = fields.optional(name, |value: Value| match value {
            Value::String(text) => choices.make(name, &text),
            Value::Bool(_) | Value::Number(_) => choices.make(name, &value.to_string()),
            _ => Err("must be a string, a number, true or false".to_owned()),
        });
    }
    choices
}

/// Reads the choices of a query, for a body that has no place for them.
pub(super) fn of_query(uri: &Uri) -> Result<Choices, Problem> {
    let mut choices = Choices::default();
    let mut errors = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let made = if seen.iter().any(|other| *other == name) {
            Err("is given more than once".to_owned())
        } else {
            choices.make(&name, &value)
        };
        if let Err(detail) = made {
            errors.push(FieldError { pointer: format!("?{}", shortened(name.chars())), detail });
        }
        seen.push(name.into_owned());
        if errors.len() >= ERRORS_MAX {
            return Err(Problem::more_invalid_fields(errors));
        }
    }
    if errors.is_empty() { Ok(choices) } else { Err(Problem::invalid_fields(errors)) }
}

/// Errors that one answer lists.
const ERRORS_MAX: usize = 20;

fn on_error(value: &str) -> Result<OnError, String> {
    match value {
        "fail" => Ok(OnError::Fail),
        "skip" => Ok(OnError::Skip),
        _ => Err("must be \"fail\" or \"skip\"".to_owned()),
    }
}

fn truth(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| "must be true or false".to_owned())
}
