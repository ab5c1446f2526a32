//! The flags that say what pages are like, named as `img2pdf` names them.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use pdf_engine::{
    Align, Border, Boundaries, Dpi, Fit, ImageSize, Options, PageSize, PdfA, Rotation, UnknownWord,
};

/// How images lie on their pages. What `convert` makes and what `inspect` tells depend on them alike.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Pages")]
pub(crate) struct PageArgs {
    /// The size of each page, such as A4, A4^T or 10cmx15cm.
    ///
    /// A paper (A0 to A6, B0 to B6, JB0 to JB6, Letter, Legal, Tabloid), turned to landscape by ^T behind it; or a width,
    /// an x and a height in pt, cm, mm or in, and in points where no unit stands. A side that is left out follows the
    /// image: 10cm is a width, x15cm a height. Unset, each page is as large as its image with its border.
    #[arg(short = 'S', long, value_name = "SIZE")]
    pagesize: Option<PageSize>,

    /// The size that images are fitted to, such as 8cmx12cm, 300dpi, 50% or A4.
    ///
    /// A paper, as --pagesize has them; or a width, an x and a height in pt, cm, mm or in, in points where no unit stands, in dpi for so many pixels to an
    /// inch, or in % of what the image has at its own resolution. A side that is left out keeps the proportions. Unset,
    /// it is what the border leaves of --pagesize; without that too, each image has its own size.
    #[arg(short = 's', long, value_name = "SIZE")]
    imgsize: Option<ImageSize>,

    /// What is left free around the image, such as 2cm, 1in:2in or 1cm:2cm:3cm:4cm.
    ///
    /// One length for all sides, two as TOP-AND-BOTTOM:LEFT-AND-RIGHT, or four as TOP:RIGHT:BOTTOM:LEFT, each in pt, cm,
    /// mm or in, and in points where no unit stands. With both --pagesize and --imgsize it is not looked at.
    #[arg(short, long, value_name = "LENGTH[:LENGTH…]")]
    border: Option<Border>,

    /// What becomes of an image whose proportions are not those of its place.
    ///
    /// into: as large as the place lets it be; fill: as small as still fills the place; exact: stretched to it; shrink:
    /// as into, unless it is smaller already; enlarge: as into, unless it is larger already.
    #[arg(short, long, value_name = "HOW", default_value = "into", value_parser = words::<Fit>(Fit::WORDS), ignore_case = true)]
    fit: Fit,

    /// Turns a page of --pagesize, with its border, where that suits its image better.
    #[arg(short, long)]
    auto_orient: bool,

    /// How images are turned, clockwise; auto and ifvalid: as the image says; none and 0: as it is stored.
    #[arg(short, long, visible_alias = "orientation", value_name = "DEGREES", default_value = "auto", value_parser = words::<Rotation>(Rotation::WORDS), ignore_case = true)]
    rotation: Rotation,

    /// Where an image lies in what its page leaves it.
    #[arg(long, value_name = "WHERE", default_value = "center", value_parser = words::<Align>(Align::WORDS), ignore_case = true)]
    align: Align,

    /// Leaves so much of each page out of what is shown and printed, such as 3mm, 1cm:2cm or 1cm:2cm:3cm:4cm.
    ///
    /// The crop box, by the border between it and the page: one length, two, or four, as --border has them. This border and
    /// those of the other boxes are those of the page as it is seen; --auto-orient does not turn them. A page that is too
    /// small for a box is an error: 3 points of it must be left, which readers want of a page at least.
    #[arg(long, value_name = "LENGTH[:LENGTH…]")]
    crop_border: Option<Border>,

    /// The border between the page and its bleed box, what is printed before it is cut; written as the one before. Where it,
    /// or another of these boxes, is not set, it is the crop box.
    #[arg(long, value_name = "LENGTH[:LENGTH…]")]
    bleed_border: Option<Border>,

    /// The border between the page and its trim box, what is left when it is cut.
    #[arg(long, value_name = "LENGTH[:LENGTH…]")]
    trim_border: Option<Border>,

    /// The border between the page and its art box, what is meant to be seen on it.
    #[arg(long, value_name = "LENGTH[:LENGTH…]")]
    art_border: Option<Border>,

    /// Dots per inch of an image that states none, from 1 to 100,000.
    #[arg(long, value_name = "DPI", default_value = "96")]
    dpi: Dpi,

    /// Only the first frame of an animation, page of a TIFF or picture of a JPEG that has several becomes a page.
    #[arg(long)]
    first_frame_only: bool,

    /// Reads every code of a JPEG's scans, so that damage within them is an error; copying then takes some 25 ms for 12
    /// megapixels, twice that where they are progressive, not 1.
    #[arg(long)]
    check_scans: bool,

    /// Makes a PDF for archives: PDF/A-2b, also where no kind stands behind it, or PDF/A-3b, transparency included.
    ///
    /// An image that cannot be in one is then an error that says why: inks (CMYK) without a colour profile, and JPEG 2000
    /// that does not say its colours in a way that PDF/A knows or has transparency.
    #[arg(long, value_name = "KIND", num_args = 0..=1, default_missing_value = "2b", value_parser = words::<PdfA>(PdfA::WORDS), ignore_case = true)]
    pdfa: Option<PdfA>,
}

impl PageArgs {
    /// What the engine is told of them.
    pub(crate) fn options(&self) -> Options {
        let mut options = Options::default();
        options.dpi_default = self.dpi;
        options.first_frame_only = self.first_frame_only;
        options.check_scans = self.check_scans;
        options.pdfa = self.pdfa;
        let layout = &mut options.layout;
        layout.page_size = self.pagesize;
        layout.image_size = self.imgsize;
        layout.border = self.border;
        layout.fit = self.fit;
        layout.auto_orient = self.auto_orient;
        layout.rotation = self.rotation;
        layout.align = self.align;
        layout.boundaries = self.boundaries();
        options
    }

    fn boundaries(&self) -> Boundaries {
        let mut boundaries = Boundaries::default();
        boundaries.crop = self.crop_border;
        boundaries.bleed = self.bleed_border;
        boundaries.trim = self.trim_border;
        boundaries.art = self.art_border;
        boundaries
    }
}

/// A value that is one of these words: clap then lists them, and shells complete them.
pub(super) fn words<T>(words: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = UnknownWord> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).try_map(|word| word.parse::<T>())
}
