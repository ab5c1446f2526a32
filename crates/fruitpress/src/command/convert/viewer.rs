//! The flags for how viewers open the PDF, named as `img2pdf` names them.

use pdf_engine::{Magnification, PageLayout, PageNumber, Panes, Viewer};

use super::pages::words;

/// What viewers are asked to do; not each of them does.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "How viewers open the PDF")]
pub(super) struct ViewerArgs {
    /// What stands beside the pages: none, the outline (these PDFs have none of their own), or the pages as thumbnails.
    #[arg(long = "viewer-panes", value_name = "PANES", value_parser = words::<Panes>(Panes::WORDS), ignore_case = true)]
    panes: Option<Panes>,

    /// The page that is shown first, from 1; where the PDF has fewer pages, nothing is written.
    #[arg(long = "viewer-initial-page", value_name = "NUMBER")]
    initial_page: Option<PageNumber>,

    /// How large that page is shown: fit, fith, fitb, fitbh, a factor such as 1.5, or a percentage such as 150%.
    ///
    /// fit: the whole page in the window; fith: as wide as the window; fitb: the image's place, without the margins, in
    /// the window; fitbh: that place as wide as the window. A factor is from 0.01 to 64, where 1 is the page's own size.
    #[arg(long = "viewer-magnification", value_name = "HOW")]
    magnification: Option<Magnification>,

    /// How pages stand beside each other.
    ///
    /// single: one at a time; onecolumn: one below the other; twocolumnright and twocolumnleft: in two columns, with the
    /// odd pages on the right or on the left; twopageright and twopageleft: so, but two at a time.
    #[arg(long = "viewer-page-layout", value_name = "LAYOUT", value_parser = words::<PageLayout>(PageLayout::WORDS), ignore_case = true)]
    page_layout: Option<PageLayout>,

    /// Makes the window as large as the page.
    #[arg(long = "viewer-fit-window")]
    fit_window: bool,

    /// Puts the window in the middle of the screen.
    #[arg(long = "viewer-center-window")]
    center_window: bool,

    /// Fills the screen with the page.
    #[arg(long = "viewer-fullscreen")]
    fullscreen: bool,
}

impl ViewerArgs {
    /// What the engine is told of them.
    pub(super) fn viewer(&self) -> Viewer {
        let mut viewer = Viewer::default();
        viewer.panes = self.panes;
        viewer.initial_page = self.initial_page;
        viewer.magnification = self.magnification;
        viewer.page_layout = self.page_layout;
        viewer.fit_window = self.fit_window;
        viewer.center_window = self.center_window;
        viewer.fullscreen = self.fullscreen;
        viewer
    }
}
