//! The PDF as a stream: objects leave in the order they are made, lengths and offsets follow them.
//!
//! Only this module knows PDF's syntax (ISO 32000-1). A stream's `/Length` is an object of its own behind the
//! stream, so nothing waits in memory for its length; the cross-reference table at the end has the offsets.

mod archive;
mod fragment;
mod image;
mod info;
mod output;
mod syntax;
mod viewer;
mod xmp;

use std::{fmt::Write as _, io::Write};

use crate::{Cancel, PdfA, error::Fault, page::Page};
use output::{Output, SinkOutput};
use syntax::Real;
use viewer::Target;

pub use info::{Date, Metadata, ParseDateError, ParseTextError, Text};
pub use viewer::{
    Magnification, PageLayout, PageNumber, Panes, ParseMagnificationError, ParsePageNumberError, Viewer, Zoom,
};

pub(crate) use fragment::Pieces;
pub(crate) use image::{Ccitt, Color, Encoding, Image, Lab, LabScale, Space, Transparency};

/// Names an object. Every one that is reserved must be written. As text it is marked, since its number may change with
/// what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ref(usize);

impl std::fmt::Display for Ref {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{} 0 R", output::NUMBER, self.0)
    }
}

/// A PDF under way.
pub(crate) struct Document<'a> {
    output: Output<'a>,
    /// Where each object begins, by its number less one; 0 until it is written.
    offsets: Vec<u64>,
    catalog: Ref,
    tree: Ref,
    pages: Vec<Target>,
    pdfa: Option<PdfA>,
    /// Whether a stream is under way.
    in_stream: bool,
}

/// How much of a document stood at some moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    objects: usize,
    pages: usize,
}

/// A stream object under way: its dictionary is written, its data are not yet complete.
pub(crate) struct Stream<'d, 'a> {
    document: &'d mut Document<'a>,
    length: Ref,
    start: u64,
}

impl<'a> Document<'a> {
    /// Begins a PDF; nothing is written to `sink` before the first 64 KiB are full.
    pub(crate) fn begin(
        sink: &'a mut dyn Write,
        pdfa: Option<PdfA>,
        cancel: &'a Cancel,
    ) -> Result<Self, Fault> {
        let mut output = Output::Sink(SinkOutput::new(sink, cancel));
        // The second line tells programs that move files that this one is binary.
        output.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")?;
        Ok(Self::over(output, pdfa))
    }

    /// A document whose first two objects are the catalog and the tree of pages.
    fn over(output: Output<'a>, pdfa: Option<PdfA>) -> Self {
        Self {
            output,
            offsets: vec![0; 2],
            catalog: Ref(1),
            tree: Ref(2),
            pages: Vec::new(),
            pdfa,
            in_stream: false,
        }
    }

    /// What stands now, to be returned to.
    pub(crate) fn mark(&self) -> Mark {
        Mark { objects: self.offsets.len(), pages: self.pages.len() }
    }

    /// Forgets the objects and pages that came since `mark`. Their bytes have left: they stay in the file, and nothing
    /// refers to them. The names are used again, so that a reader who finds objects by looking for them, and takes the
    /// last of a name, finds the right ones.
    pub(crate) fn return_to(&mut self, mark: Mark) -> Result<(), Fault> {
        if std::mem::take(&mut self.in_stream) {
            self.output.write(b"\nendstream\nendobj\n")?;
        }
        self.offsets.truncate(mark.objects);
        self.pages.truncate(mark.pages);
        Ok(())
    }

    /// A name for an object that is written later.
    pub(crate) fn reserve(&mut self) -> Ref {
        self.offsets.push(0);
        Ref(self.offsets.len())
    }

    /// Begins an image; its encoded samples are written to the stream.
    pub(crate) fn image(&mut self, name: Ref, image: &Image<'_>) -> Result<Stream<'_, 'a>, Fault> {
        if self.pdfa.is_some()
            && let Some(reason) = archive::unfit(image)
        {
            return Err(Fault::unsupported(reason));
        }
        self.stream(name, &image.dictionary())
    }

    /// Writes an ICC profile, as it is or already deflated.
    pub(crate) fn profile(&mut self, bytes: &[u8], space: Space, deflated: bool) -> Result<Ref, Fault> {
        let name = self.reserve();
        let filter = if deflated { " /Filter /FlateDecode" } else { "" };
        let entries = format!("/N {} /Alternate {}{filter}", space.channels(), space.object());
        let mut stream = self.stream(name, &entries)?;
        stream.write(bytes)?;
        stream.finish()?;
        Ok(name)
    }

    /// Writes a stream of data that another object refers to.
    pub(crate) fn data(&mut self, bytes: &[u8]) -> Result<Ref, Fault> {
        let name = self.reserve();
        let mut stream = self.stream(name, "")?;
        stream.write(bytes)?;
        stream.finish()?;
        Ok(name)
    }

    /// Writes the page that shows one image.
    pub(crate) fn page(&mut self, page: &Page, image: Ref) -> Result<(), Fault> {
        let contents = self.reserve();
        let matrix = page.matrix.map(|number| Real(number).to_string()).join(" ");
        let mut stream = self.stream(contents, "")?;
        stream.write(format!("q {matrix} cm /Im0 Do Q").as_bytes())?;
        stream.finish()?;

        let name = self.reserve();
        let [width, height] = page.media.map(Real);
        let mut entries = format!("/Type /Page /Parent {} /MediaBox [0 0 {width} {height}]", self.tree);
        let boxes = [
            ("CropBox", page.boxes.crop),
            ("BleedBox", page.boxes.bleed),
            ("TrimBox", page.boxes.trim),
            ("ArtBox", page.boxes.art),
        ];
        for (name, place) in boxes.into_iter().filter_map(|(name, place)| Some((name, place?))) {
            let _ = write!(entries, " /{name} [{}]", place.map(|number| Real(number).to_string()).join(" "));
        }
        if page.user_unit > 1 {
            let _ = write!(entries, " /UserUnit {}", page.user_unit);
        }
        let _ = write!(entries, " /Contents {contents} /Resources << /XObject << /Im0 {image} >> >>");
        self.object(name, &format!("<< {entries} >>"))?;
        self.pages.push(Target { page: name, tops: page.tops() });
        Ok(())
    }

    /// Writes what binds the pages together, and tells the PDF's length.
    pub(crate) fn finish(mut self, metadata: &Metadata, viewer: &Viewer) -> Result<u64, Fault> {
        let mut kids = String::new();
        for target in &self.pages {
            let _ = write!(kids, " {}", target.page);
        }
        let tree = format!("<< /Type /Pages /Count {} /Kids [{kids} ] >>", self.pages.len());
        self.object(self.tree, &tree)?;
        let archive = match self.pdfa {
            Some(pdfa) => archive::finish(&mut self, pdfa, metadata)?,
            None => String::new(),
        };
        let viewer = viewer.entries(&self.pages);
        self.object(self.catalog, &format!("<< /Type /Catalog /Pages {}{archive}{viewer} >>", self.tree))?;

        let mut info = String::new();
        if let Some(dictionary) = metadata.dictionary() {
            let name = self.reserve();
            self.object(name, &dictionary)?;
            info = format!(" /Info {name}");
        }

        if self.pdfa.is_some() {
            archive::check_objects(self.offsets.len())?;
        }
        let start = self.output.position();
        let size = self.offsets.len() + 1;
        self.output.write(format!("xref\n0 {size}\n0000000000 65535 f \n").as_bytes())?;
        for offset in &self.offsets {
            debug_assert_ne!(*offset, 0, "a reserved object was not written");
            self.output.write(format!("{offset:010} 00000 n \n").as_bytes())?;
        }
        // The same file twice gives the same identifier, so the output is reproducible.
        let id = self.output.fingerprint();
        let root = self.catalog;
        let trailer = format!(
            "trailer\n<< /Size {size} /Root {root}{info} /ID [<{id:032x}> <{id:032x}>] >>\nstartxref\n{start}\n%%EOF\n"
        );
        self.output.text(&trailer, |number| number)?;
        self.output.finish()
    }

    fn object(&mut self, name: Ref, body: &str) -> Result<(), Fault> {
        self.begin_object(name)?;
        self.output.text(body, |number| number)?;
        self.output.write(b"\nendobj\n")
    }

    fn stream(&mut self, name: Ref, entries: &str) -> Result<Stream<'_, 'a>, Fault> {
        let length = self.reserve();
        self.begin_object(name)?;
        self.output.text(&format!("<< {entries} /Length {length} >>\nstream\n"), |number| number)?;
        let start = self.output.position();
        self.in_stream = true;
        Ok(Stream { document: self, length, start })
    }

    fn begin_object(&mut self, name: Ref) -> Result<(), Fault> {
        self.offsets[name.0 - 1] = self.output.position();
        self.output.begin_object(name.0)
    }
}

impl Stream<'_, '_> {
    /// An error if the conversion was cancelled: for work that writes nothing for long.
    pub(crate) fn poll(&self) -> Result<(), Fault> {
        self.document.output.poll()
    }

    /// Writes encoded data.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.document.output.write(bytes)
    }

    /// Ends the stream and writes its length.
    pub(crate) fn finish(self) -> Result<(), Fault> {
        let length = self.document.output.position() - self.start;
        if self.document.pdfa.is_some() {
            archive::check_length(length)?;
        }
        self.document.in_stream = false;
        self.document.output.write(b"\nendstream\nendobj\n")?;
        self.document.object(self.length, &length.to_string())
    }
}
