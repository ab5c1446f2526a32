//! Whether a client wants the PDF itself, or JSON that says where it is: `Accept`, RFC 9110 section 12.5.1.

use http::{HeaderMap, header};

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Where the PDF is stored: for everyone who does not prefer the other.
    Json,
    /// The PDF, which is not stored.
    Pdf,
}

impl Wanted {
    /// What these headers prefer. Nothing is refused for its `Accept`: who wants neither gets JSON.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let ranges: Vec<_> = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(range)
            .collect();
        let quality = |media_type: &str| {
            let (kind, _) = media_type.split_once('/').unwrap_or_default();
            let named =
                |wanted: &str| ranges.iter().find(|(range, _)| range == wanted).map(|(_, quality)| *quality);
            named(media_type).or_else(|| named(&format!("{kind}/*"))).or_else(|| named("*/*")).unwrap_or(0.0)
        };
        if quality("application/pdf") > quality("application/json") { Self::Pdf } else { Self::Json }
    }
}

/// A media range and its weight.
fn range(text: &str) -> Option<(String, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next()?.to_ascii_lowercase();
    let weight = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse().unwrap_or(0.0))
    });
    Some((range, weight.unwrap_or(1.0)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_pdf_is_for_those_who_prefer_it() {
        for (accept, expected) in [
            (&[][..], Wanted::Json),
            (&["*/*"], Wanted::Json),
            (&["application/json"], Wanted::Json),
            (&["application/pdf"], Wanted::Pdf),
            (&["Application/PDF"], Wanted::Pdf),
            (&["application/pdf, application/json"], Wanted::Json),
            (&["application/json;q=0.5, application/pdf"], Wanted::Pdf),
            (&["application/pdf;q=0.9, */*;q=0.1"], Wanted::Pdf),
            (&["application/*, application/json;q=0.1"], Wanted::Pdf),
            (&["application/*"], Wanted::Json),
            (&["text/html", "application/pdf"], Wanted::Pdf),
            (&["application/pdf;q=0"], Wanted::Json),
            (&["application/pdf;q=none"], Wanted::Json),
            (&["text/html,application/xhtml+xml,*/*;q=0.8"], Wanted::Json),
        ] {
            let headers =
                accept.iter().map(|value| (header::ACCEPT, HeaderValue::from_static(value))).collect();
            assert_eq!(Wanted::of(&headers), expected, "{accept:?}");
        }
    }
}
