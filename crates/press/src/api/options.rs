//! What a client may choose about its PDF, by the same names in JSON, in a form's `options` and in a query: those of
//! `fruitpress convert`, and so of `img2pdf`, with underscores.

use std::{fmt::Display, str::FromStr};

use chassis::{
    Problem,
    extract::Fields,
    problem::{FieldError, shortened},
};
use pdf_engine::Options;
use serde_json::{Number, Value};

use crate::convert::OnError;

/// What was chosen.
#[derive(Debug, Default)]
pub(super) struct Choices {
    pub(super) options: Options,
    /// `None` where nothing was said.
    pub(super) on_error: Option<OnError>,
    /// What was said so far.
    made: Vec<&'static str>,
}

impl Choices {
    /// Each choice there is.
    const NAMES: &[&str] = &[
        "on_error",
        "pagesize",
        "imgsize",
        "border",
        "fit",
        "auto_orient",
        "rotation",
        "align",
        "crop_border",
        "bleed_border",
        "trim_border",
        "art_border",
        "dpi",
        "first_frame_only",
        "pdfa",
        "title",
        "author",
        "subject",
        "keywords",
        "creator",
        "producer",
        "creationdate",
        "moddate",
        "viewer_panes",
        "viewer_initial_page",
        "viewer_magnification",
        "viewer_page_layout",
        "viewer_fit_window",
        "viewer_center_window",
        "viewer_fullscreen",
    ];

    /// Makes one of them; an error says what it must be.
    fn make(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Some(&known) = Self::NAMES.iter().find(|known| **known == name) else {
            return Err("is not a choice that is known here".to_owned());
        };
        if self.made.contains(&known) {
            return Err("is given more than once".to_owned());
        }
        self.made.push(known);
        let layout = &mut self.options.layout;
        let metadata = &mut self.options.metadata;
        let viewer = &mut self.options.viewer;
        match known {
            "on_error" => self.on_error = Some(on_error(value)?),
            "pagesize" => layout.page_size = Some(parsed(value)?),
            "imgsize" => layout.image_size = Some(parsed(value)?),
            "border" => layout.border = Some(parsed(value)?),
            "fit" => layout.fit = parsed(value)?,
            "auto_orient" => layout.auto_orient = truth(value)?,
            "rotation" => layout.rotation = parsed(value)?,
            "align" => layout.align = parsed(value)?,
            "crop_border" => layout.boundaries.crop = Some(parsed(value)?),
            "bleed_border" => layout.boundaries.bleed = Some(parsed(value)?),
            "trim_border" => layout.boundaries.trim = Some(parsed(value)?),
            "art_border" => layout.boundaries.art = Some(parsed(value)?),
            "dpi" => self.options.dpi_default = parsed(value)?,
            "first_frame_only" => self.options.first_frame_only = truth(value)?,
            "pdfa" => self.options.pdfa = Some(parsed(value)?),
            "title" => metadata.title = Some(parsed(value)?),
            "author" => metadata.author = Some(parsed(value)?),
            "subject" => metadata.subject = Some(parsed(value)?),
            "keywords" => {
                metadata.keywords =
                    value.split(',').map(|word| parsed(word.trim())).collect::<Result<_, _>>()?;
            }
            "creator" => metadata.creator = Some(parsed(value)?),
            "producer" => metadata.producer = Some(parsed(value)?),
            "creationdate" => metadata.creation_date = Some(parsed(value)?),
            "moddate" => metadata.modification_date = Some(parsed(value)?),
            "viewer_panes" => viewer.panes = Some(parsed(value)?),
            "viewer_initial_page" => viewer.initial_page = Some(parsed(value)?),
            "viewer_magnification" => viewer.magnification = Some(parsed(value)?),
            "viewer_page_layout" => viewer.page_layout = Some(parsed(value)?),
            "viewer_fit_window" => viewer.fit_window = truth(value)?,
            "viewer_center_window" => viewer.center_window = truth(value)?,
            _ => viewer.fullscreen = truth(value)?,
        }
        Ok(())
    }

    /// What was chosen, where it makes sense together.
    pub(super) fn checked(self) -> Result<Self, Problem> {
        match self.options.fault() {
            None => Ok(self),
            Some(detail) => Err(Problem::invalid_fields(vec![FieldError { pointer: String::new(), detail }])),
        }
    }
}

fn parsed<T: FromStr<Err: Display>>(value: &str) -> Result<T, String> {
    value.parse().map_err(|error: T::Err| error.to_string())
}

/// Takes choices out of an object's fields, which count before those that were made until now. What is wrong with them,
/// the fields will tell.
pub(super) fn read(fields: &mut Fields, choices: &mut Choices) {
    choices.made.clear();
    for &name in Choices::NAMES {
        // An error stays with the fields.
        let _ = fields.optional(name, |value: Value| match value {
            Value::String(text) => choices.make(name, &text),
            Value::Number(number) => choices.make(name, &digits(&number)?),
            Value::Bool(truth) => choices.make(name, &truth.to_string()),
            _ => Err("must be a string, a number, true or false".to_owned()),
        });
    }
}

/// A number's digits. The fields keep those of whole numbers alone, however these are written.
fn digits(number: &Number) -> Result<String, String> {
    match number.as_f64() {
        Some(double) if number.is_f64() && double.fract() == 0.0 => Ok(format!("{double:.0}")),
        Some(_) if number.is_f64() => {
            Err("must be a string where it is no whole number or a very large one, such as \"1.5\""
                .to_owned())
        }
        _ => Ok(number.to_string()),
    }
}

/// Reads the choices of a query.
pub(super) fn of_query(query: &[(String, String)]) -> Result<Choices, Problem> {
    let mut choices = Choices::default();
    let mut errors = Vec::new();
    for (name, value) in query {
        if let Err(detail) = choices.make(name, value) {
            errors.push(FieldError { pointer: format!("?{}", shortened(name.chars())), detail });
        }
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
