//! How requests are described. They are read elsewhere: bodies arrive in pieces, and every fault is found instead of the
//! first, so nothing here is ever made.
#![expect(dead_code, reason = "see above")]

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// What is to be converted, and what the PDF is to be like.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ConversionRequest {
    One(ConversionOfOne),
    Many(ConversionOfMany),
}

/// One image.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ConversionOfOne {
    /// The http or https URL of an image, without user info, at most 8,192 bytes long.
    #[schema(
        format = "uri",
        max_length = 8192,
        example = "https://upload.wikimedia.org/wikipedia/commons/4/47/PNG_transparency_demonstration_1.png"
    )]
    source_url: String,
    #[serde(flatten)]
    options: ConversionOptions,
}

/// One PDF of many images, in order.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ConversionOfMany {
    /// Such URLs; as many as `SOURCES_MAX` says.
    #[schema(min_items = 1)]
    source_urls: Vec<SourceUrlText>,
    #[serde(flatten)]
    options: ConversionOptions,
}

/// The http or https URL of an image, without user info.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(format = "uri", max_length = 8192, example = "https://example.com/scan-1.png")]
pub(super) struct SourceUrlText(String);

/// A form with images.
#[derive(Debug, ToSchema)]
pub(super) struct ConversionForm {
    /// What is chosen, as JSON; before the first file, where it is there.
    #[schema(required = false, nullable = false)]
    options: Option<ConversionOptions>,
    /// The images: each part with a file name is one, whatever its name is.
    files: Vec<Bytes>,
}

/// The bytes of a file.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(super) struct Bytes(Vec<u8>);

/// What may be chosen, in JSON, in a form's `options` or in the query; what stands in the body counts before the query.
#[derive(Debug, Deserialize, ToSchema, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ConversionOptions {
    /// What becomes of the others when one of many sources is no good: `fail`, and there is no PDF and the problem
    /// tells each; or `skip`, and the PDF is made of the others.
    #[schema(required = false, nullable = false)]
    on_error: Option<OnErrorWord>,
    /// The size of each page. Without it, each page is as large as its image with its border.
    #[schema(required = false, nullable = false)]
    pagesize: Option<PageSizeText>,
    /// The size that images are fitted to.
    #[schema(required = false, nullable = false)]
    imgsize: Option<ImageSizeText>,
    /// What is left free around the image.
    #[schema(required = false, nullable = false)]
    border: Option<BorderText>,
    /// What becomes of an image whose proportions are not those of its place. Without it, `into`.
    #[schema(required = false, nullable = false)]
    fit: Option<FitWord>,
    /// Turns a page of `pagesize`, with its border, where that suits its image better.
    #[schema(required = false, nullable = false)]
    auto_orient: Option<bool>,
    /// How images are turned, clockwise, in degrees; `auto` is as the image says, `none` as it is stored.
    #[schema(required = false, nullable = false)]
    rotation: Option<RotationWord>,
    /// Where an image lies in what its page leaves it. Without it, `center`.
    #[schema(required = false, nullable = false)]
    align: Option<AlignWord>,
    /// What of each page is neither shown nor printed: the border between the page and its crop box. It and the three below
    /// are those of the page as it is seen. A page of which a box leaves less than 3 points is no good.
    #[schema(required = false, nullable = false)]
    crop_border: Option<BorderText>,
    /// The border between the page and its bleed box, what is printed before it is cut. Without it, that is the crop box.
    #[schema(required = false, nullable = false)]
    bleed_border: Option<BorderText>,
    /// The border between the page and its trim box, what is left when it is cut. Without it, that is the crop box.
    #[schema(required = false, nullable = false)]
    trim_border: Option<BorderText>,
    /// The border between the page and its art box, what is meant to be seen on it. Without it, that is the crop box.
    #[schema(required = false, nullable = false)]
    art_border: Option<BorderText>,
    /// Dots per inch of an image that states none. Without it, 96.
    #[schema(required = false, nullable = false, minimum = 1, maximum = 100_000)]
    #[param(minimum = 1, maximum = 100_000)]
    dpi: Option<u32>,
    /// Whether only the first frame of an animation, page of a TIFF or picture of a JPEG that has several becomes a page.
    #[schema(required = false, nullable = false)]
    first_frame_only: Option<bool>,
    /// Makes a PDF for archives, PDF/A-2b or 3b; an image that cannot be in one is then no good.
    #[schema(required = false, nullable = false)]
    pdfa: Option<PdfAWord>,
    /// The document's title.
    #[schema(required = false, nullable = false)]
    title: Option<ShortText>,
    /// Who made the document.
    #[schema(required = false, nullable = false)]
    author: Option<ShortText>,
    /// What it is about.
    #[schema(required = false, nullable = false)]
    subject: Option<ShortText>,
    /// Words to find it by, with commas between them.
    #[schema(required = false, nullable = false)]
    keywords: Option<ShortText>,
    /// The program that made what is converted.
    #[schema(required = false, nullable = false)]
    creator: Option<ShortText>,
    /// The program that converts it.
    #[schema(required = false, nullable = false)]
    producer: Option<ShortText>,
    /// When it was made.
    #[schema(required = false, nullable = false)]
    creationdate: Option<DateText>,
    /// When it was changed last.
    #[schema(required = false, nullable = false)]
    moddate: Option<DateText>,
    /// What viewers show beside the pages.
    #[schema(required = false, nullable = false)]
    viewer_panes: Option<PanesWord>,
    /// The page that viewers show first, from 1. Where the PDF has none of this number it is not made; with
    /// `"on_error": "skip"` and a source left out, its last page is shown.
    #[schema(required = false, nullable = false, minimum = 1, maximum = 2_147_483_647)]
    #[param(minimum = 1, maximum = 2_147_483_647)]
    viewer_initial_page: Option<u32>,
    /// How large viewers show that page.
    #[schema(required = false, nullable = false)]
    viewer_magnification: Option<MagnificationText>,
    /// How viewers lay pages beside each other.
    #[schema(required = false, nullable = false)]
    viewer_page_layout: Option<PageLayoutWord>,
    /// Makes the viewer's window as large as the page.
    #[schema(required = false, nullable = false)]
    viewer_fit_window: Option<bool>,
    /// Puts the viewer's window in the middle of the screen.
    #[schema(required = false, nullable = false)]
    viewer_center_window: Option<bool>,
    /// Fills the screen with the page.
    #[schema(required = false, nullable = false)]
    viewer_fullscreen: Option<bool>,
}

/// What becomes of the others when one of many sources is no good.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum OnErrorWord {
    Fail,
    Skip,
}

/// A paper, turned by `^T` behind it; or a width, an x and a height in pt, cm, mm or in, and in points without a unit. A
/// side that is left out follows the image.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(
    pattern = r"^((A[0-6]|J?B[0-6]|Letter|Legal|Tabloid)(\^T)?|([0-9]{1,4}(\.[0-9]{1,3})?(pt|cm|mm|in)?)(x([0-9]{1,4}(\.[0-9]{1,3})?(pt|cm|mm|in)?))?|x([0-9]{1,4}(\.[0-9]{1,3})?(pt|cm|mm|in)?))$",
    example = "A4"
)]
pub(super) struct PageSizeText(String);

/// As a page's size; also in dpi for so many pixels to an inch, or in % of what the image has.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(
    pattern = r"^((A[0-6]|J?B[0-6]|Letter|Legal|Tabloid)(\^T)?|([0-9]{1,4}(\.[0-9]{1,3})?(pt|cm|mm|in|dpi|%)?)(x([0-9]{1,4}(\.[0-9]{1,3})?(pt|cm|mm|in|dpi|%)?))?|x([0-9]{1,4}(\.[0-9]{1,3})?(pt|cm|mm|in|dpi|%)?))$",
    example = "300dpi"
)]
pub(super) struct ImageSizeText(String);

/// One length for all sides, two as `TOP-AND-BOTTOM:LEFT-AND-RIGHT`, or four as `TOP:RIGHT:BOTTOM:LEFT`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(
    pattern = r"^([0-9]{1,4}(\.[0-9]{1,3})?(pt|cm|mm|in)?)(:([0-9]{1,4}(\.[0-9]{1,3})?(pt|cm|mm|in)?)|:([0-9]{1,4}(\.[0-9]{1,3})?(pt|cm|mm|in)?):([0-9]{1,4}(\.[0-9]{1,3})?(pt|cm|mm|in)?):([0-9]{1,4}(\.[0-9]{1,3})?(pt|cm|mm|in)?))?$",
    example = "1cm:2cm"
)]
pub(super) struct BorderText(String);

/// `into`: as large as its place lets it be; `fill`: as small as still fills it; `exact`: stretched to it; `shrink`: as
/// `into`, unless it is smaller already; `enlarge`: as `into`, unless it is larger already.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum FitWord {
    Into,
    Fill,
    Exact,
    Shrink,
    Enlarge,
}

/// Degrees, or whose word counts.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) enum RotationWord {
    #[serde(rename = "auto")]
    Auto,
    #[serde(rename = "ifvalid")]
    IfValid,
    #[serde(rename = "none")]
    None,
    #[serde(rename = "0")]
    Upright,
    #[serde(rename = "90")]
    Right,
    #[serde(rename = "180")]
    Over,
    #[serde(rename = "270")]
    Left,
}

/// A place on a page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AlignWord {
    Center,
    Top,
    Bottom,
    Left,
    Right,
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
}

/// What viewers show beside the pages: nothing, the outline, of which these PDFs have none, or the pages as thumbnails.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum PanesWord {
    None,
    Outlines,
    Thumbs,
}

/// `fit`: the whole page; `fith`: as wide as the window; `fitb`: the image's place, without the margins; `fitbh`: that as
/// wide as the window; or a factor from 0.01 to 64, also as a percentage.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(
    pattern = r"^(fit|fith|fitb|fitbh|0\.[1-9][0-9]?|[1-9](\.[0-9]{1,3})?|[1-5][0-9](\.[0-9]{1,3})?|[1-9][0-9]{0,2}%)$",
    example = "fith"
)]
pub(super) struct MagnificationText(String);

/// `single`: one page at a time; `onecolumn`: one below the other; `twocolumnright` and `twocolumnleft`: in two columns,
/// odd pages on the right or on the left; `twopageright` and `twopageleft`: so, but two at a time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum PageLayoutWord {
    Single,
    OneColumn,
    TwoColumnRight,
    TwoColumnLeft,
    TwoPageRight,
    TwoPageLeft,
}

/// A kind of PDF/A.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) enum PdfAWord {
    #[serde(rename = "2b")]
    A2b,
    #[serde(rename = "3b")]
    A3b,
}

/// A text of at most 2,000 characters, none of them a control character.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(max_length = 2000, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$", example = "Receipts of March")]
pub(super) struct ShortText(String);

/// A day, or a moment of one with its zone or without.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(
    pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?)?$",
    example = "2026-03-31T18:30:00+02:00"
)]
pub(super) struct DateText(String);
