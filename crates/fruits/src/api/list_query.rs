//! What a list is asked for: `?fruit=…&color=…&q=…&sort=…&limit=…&after=…`, and the link to its next page.

use std::{fmt::Display, num::NonZeroUsize};

use axum::extract::FromRequestParts;
use chassis::{Problem, extract::Query, problem::kind};
use http::{HeaderValue, request::Parts};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use utoipa::IntoParams;

use super::request::unknown_parameter;
use crate::domain::{Color, Cursor, Folded, Fruit, FruitId, FruitName, Selection, SortKey};

/// The most fruits that a page may have. Who wants more wants them all: without a limit, the list is streamed.
const LIMIT_MAX: usize = 1000;
/// The longest text of a cursor: a name of 100 characters cannot grow past it when its case is folded.
const CURSOR_TEXT_BYTES_MAX: usize = 4096;
/// What stays as it is in a query (RFC 3986, section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parameters of a list, each at most once.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes the query to its readers; the extractor parses the parameters one by one"
)]
pub(super) struct ListParameters {
    /// Only fruits of exactly this name; upper and lower case are the same.
    #[param(min_length = 1, max_length = 100, example = "apple")]
    fruit: Option<String>,
    /// Only fruits of exactly this color; upper and lower case are the same.
    #[param(min_length = 1, max_length = 100, example = "red")]
    color: Option<String>,
    /// Only fruits with this in their name or color; upper and lower case are the same.
    #[param(min_length = 1, max_length = 100, example = "app")]
    q: Option<String>,
    /// The order: by `id`, or by `fruit` or `color` without regard to case and then by id. With `-` before it,
    /// all of it from the end to the start. Left out, it is `id`.
    #[param(inline, example = "-color")]
    sort: Option<Sort>,
    /// At most this many fruits; `Link` leads to the rest. Left out, the answer has them all.
    #[param(minimum = 1, maximum = 1000, example = 100)]
    limit: Option<u16>,
    /// Only what follows this place: an id, and where the list is sorted by a text, a comma and that text. `Link`
    /// has it ready. The fruit need not be there any more.
    #[param(max_length = 4113, example = "100")]
    after: Option<String>,
}

#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the values of a parameter")]
enum Sort {
    #[schema(rename = "id")]
    Id,
    #[schema(rename = "fruit")]
    Fruit,
    #[schema(rename = "color")]
    Color,
    #[schema(rename = "-id")]
    IdDescending,
    #[schema(rename = "-fruit")]
    FruitDescending,
    #[schema(rename = "-color")]
    ColorDescending,
}

/// What a list is asked for, parsed.
#[derive(Debug)]
pub(super) struct ListQuery {
    pub(super) selection: Selection,
    pub(super) after: Option<Cursor>,
    pub(super) limit: Option<NonZeroUsize>,
    /// The parameters as they came, less `after`.
    pairs: Vec<(String, String)>,
}

impl ListQuery {
    /// Whether it is the whole catalogue in its own order.
    pub(super) fn is_everything(&self) -> bool {
        self.selection == Selection::default() && self.after.is_none() && self.limit.is_none()
    }

    /// The `Link` to the page behind this fruit (RFC 8288).
    pub(super) fn link_behind(&self, last: &Fruit) -> HeaderValue {
        let Cursor { id, text } = self.selection.behind(last);
        let after = text.map_or_else(|| id.to_string(), |text| format!("{id},{}", text.as_str()));
        let mut link = String::from("</fruits?");
        for (name, value) in &self.pairs {
            link.extend([name, "=", &escape(value), "&"]);
        }
        link.extend(["after=", &escape(&after), ">; rel=\"next\""]);
        // Names that are known and values that are escaped: plain ASCII.
        HeaderValue::try_from(link).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    fn parse(mut pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut selection = Selection::default();
        let (mut limit, mut after) = (None, None);
        for (index, (name, value)) in pairs.iter().enumerate() {
            if pairs.iter().take(index).any(|(earlier, _)| earlier == name) {
                return Err(refuse(name, "is given more than once"));
            }
            let refused = |error: &dyn Display| refuse(name, error);
            match name.as_str() {
                "fruit" => selection.fruit = Some(name_part(value).map_err(|error| refused(&error))?),
                "color" => {
                    let color = Color::parse(value).map_err(|error| refused(&error))?;
                    selection.color = Some(Folded::new(color.as_str()));
                }
                "q" => selection.contains = Some(name_part(value).map_err(|error| refused(&error))?),
                "sort" => (selection.sort, selection.descending) = sort(value)?,
                "limit" => limit = Some(parse_limit(value)?),
                "after" => after = Some(value.clone()),
                _ => {
                    return Err(unknown_parameter(
                        name,
                        "this path takes fruit, color, q, sort, limit and after",
                    ));
                }
            }
        }
        // Only now, since the order may have stood behind it.
        let after = after.map(|after| cursor(&after, selection.sort)).transpose()?;
        pairs.retain(|(name, _)| name != "after");
        Ok(Self { selection, after, limit, pairs })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await?;
        Self::parse(pairs)
    }
}

fn name_part(value: &str) -> Result<Folded, crate::domain::InvalidLabel> {
    FruitName::parse(value).map(|name| Folded::new(name.as_str()))
}

fn sort(value: &str) -> Result<(SortKey, bool), Problem> {
    let (key, descending) = value.strip_prefix('-').map_or((value, false), |key| (key, true));
    let key = match key {
        "id" => SortKey::Id,
        "fruit" => SortKey::Fruit,
        "color" => SortKey::Color,
        _ => return Err(refuse("sort", "must be id, fruit or color, or one of them with - before it")),
    };
    Ok((key, descending))
}

fn parse_limit(value: &str) -> Result<NonZeroUsize, Problem> {
    let plain = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
    value.parse().ok().filter(|limit: &NonZeroUsize| plain && limit.get() <= LIMIT_MAX).ok_or_else(|| {
        refuse("limit", format_args!("must be a whole number from 1 to {LIMIT_MAX}, in plain digits"))
    })
}

fn cursor(value: &str, sort: SortKey) -> Result<Cursor, Problem> {
    let (id, text) = match (value.split_once(','), sort) {
        (None, SortKey::Id) => (value, None),
        (Some((id, text)), SortKey::Fruit | SortKey::Color)
            // No fruit has a control character in its texts, and not every store could compare with one.
            if text.len() <= CURSOR_TEXT_BYTES_MAX && !text.contains(char::is_control) =>
        {
            (id, Some(Folded::stored(text.to_owned())))
        }
        _ => {
            return Err(refuse(
                "after",
                "is no place in a list of this order; take it from the Link of a page",
            ));
        }
    };
    let id = id.parse::<FruitId>().map_err(|error| {
        refuse("after", format_args!("names a fruit by its id, which {error}, in plain digits"))
    })?;
    Ok(Cursor { id, text })
}

fn refuse(name: &str, detail: impl Display) -> Problem {
    kind::MALFORMED_REQUEST.because(format!("The query parameter {name} {detail}.")).at(format!("?{name}"))
}

fn escape(value: &str) -> String {
    utf8_percent_encode(value, ESCAPED).to_string()
}
