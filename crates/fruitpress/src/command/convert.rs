//! `fruitpress convert`: the engine on the command line.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, ensure};
use pdf_engine::{Cancel, Limits, Options, Report, Source};

/// Converts images to one PDF without changing a pixel, a page each.
///
/// JPEG and PNG, known by their content. What is written under OUT is whole or not there at all.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The images, in the order of their pages; `-` is standard input.
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,

    /// The PDF to write; `-` is standard output.
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    output: PathBuf,
}

/// Buffer before a file or a pipe: fewer system calls than the library's 8 KiB, and still in the cache.
const BUFFER_BYTES: usize = 256 << 10;

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let piped = self.images.iter().filter(|image| is_dash(image)).count();
        ensure!(piped <= 1, "standard input can be read once: `-` stands {piped} times among the images");
        if is_dash(&self.output) {
            ensure!(
                !io::stdout().is_terminal(),
                "a PDF is not for a terminal: name a file with -o, or redirect"
            );
            self.convert_to(io::stdout().lock())?;
        } else if fs::metadata(&self.output).is_ok_and(|existing| !existing.is_file() && !existing.is_dir()) {
            // A pipe or a device: it can be written, not replaced.
            let device = File::options().write(true).open(&self.output);
            self.convert_to(device.with_context(|| self.cannot_write())?)?;
        } else {
            self.convert_to_file()?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Writes beside the output and renames, so that nobody sees half a PDF and a failure keeps what was there.
    fn convert_to_file(&self) -> anyhow::Result<()> {
        ensure!(!self.output.is_dir(), "{} is a directory", self.output.display());
        let folder = match self.output.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".fruitpress-").suffix(".pdf");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any new file: what the umask leaves of it. The library's default is private.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let mut unfinished = builder.tempfile_in(folder).with_context(|| self.cannot_write())?;
        self.convert_to(unfinished.as_file_mut())?;
        unfinished.persist(&self.output).with_context(|| self.cannot_write())?;
        Ok(())
    }

    fn convert_to(&self, sink: impl Write) -> anyhow::Result<Report> {
        let sources = self.images.iter().map(|image| Source::new(Image::Unopened(image)));
        let mut sink = BufWriter::with_capacity(BUFFER_BYTES, sink);
        pdf_engine::convert(sources, &mut sink, &Options::default(), &Limits::default(), &Cancel::new())
            .map_err(|error| {
                let at = error.index().map(|index| name(&self.images[index]));
                let error = anyhow::Error::new(error);
                error.context(at.unwrap_or_else(|| name(&self.output)))
            })
    }

    fn cannot_write(&self) -> String {
        format!("{} cannot be written", self.output.display())
    }
}

fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn name(path: &Path) -> String {
    if is_dash(path) { "standard input or output".to_owned() } else { path.display().to_string() }
}

/// An image that is opened when it is first read, so that a thousand images do not hold a thousand files open.
enum Image<'a> {
    Unopened(&'a Path),
    Open(Box<dyn BufRead>),
}

impl Image<'_> {
    fn reader(&mut self) -> io::Result<&mut Box<dyn BufRead>> {
        if let Self::Unopened(path) = self {
            let reader: Box<dyn BufRead> = if is_dash(path) {
                Box::new(BufReader::with_capacity(BUFFER_BYTES, io::stdin()))
            } else {
                Box::new(BufReader::with_capacity(BUFFER_BYTES, File::open(path)?))
            };
            *self = Self::Open(reader);
        }
        match self {
            Self::Open(reader) => Ok(reader),
            Self::Unopened(_) => Err(io::Error::other("the image was not opened")),
        }
    }
}

impl Read for Image<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader()?.read(buffer)
    }
}

impl BufRead for Image<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Self::Open(reader) = self {
            reader.consume(amount);
        }
    }
}
