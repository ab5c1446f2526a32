//! Refusals of images that Pillow decodes, each with the argument for it: known by what is said of the image, never by its name.
//!
//! `docs/formats.md` has the same list; a test compares the two.

/// A refusal that is as it should be.
struct Argued {
    /// What the reason says, in this order; between these stand the numbers of one file.
    said: &'static [&'static str],
    why: &'static str,
}

/// Of packets that do not fit their tile: the next does not begin where it seems to.
const LOST: &str = "What follows the damage is read as other pixels than were meant. Pillow shows these, and leaves out what it cannot read.";
/// Of JPEGs: libjpeg warns of them, and reads on.
const DIFFERENT: &str =
    "Each reader makes something else of such a file; Pillow goes on with a warning that it keeps to itself.";
const UNSEEN: &str = "PDF readers show nothing of it.";

const ARGUED: &[Argued] = &[
    Argued {
        said: &["the PNG's chunk IDAT at byte ", " is damaged: its checksum is wrong"],
        why: "The checksum is there to tell damage from an image. Pillow inflates the data and looks at no checksum of theirs.",
    },
    Argued {
        said: &["the BMP has a run of pixels that leaves the image"],
        why: "What a run means that goes past the end of a row, nothing says, and programs show different pictures.",
    },
    Argued {
        said: &["the TIFF has planes of JPEG"],
        why: "PDF has no image in planes, and JPEG is copied here and never decoded. Programs write such files only where they are told to.",
    },
    Argued {
        said: &["the TIFF has floating-point samples"],
        why: "Which number is white, nothing says: it is 1 in one program, 255 in another, and a height in metres in a third. Pillow hands the numbers on and shows what lies between 0 and 255.",
    },
    Argued {
        said: &["the TIFF has samples with a sign"],
        why: "Whether 0 or the least number is black, nothing says. Pillow takes those of 8 bits for such without a sign, and of 16 bits shows what lies between 0 and 255.",
    },
    Argued {
        said: &["the TIFF has Lab colours in JPEG"],
        why: "A JPEG is copied, and PDF cannot turn the sign of what comes out of it. Programs write such files only where they are told to.",
    },
    Argued {
        said: &["the ICO has ", " bytes, and its ", " would be ", " bytes from byte "],
        why: "The file is cut. Pillow fills up what is missing with pixels that nobody drew.",
    },
    Argued { said: &["the JPEG has no marker at byte "], why: DIFFERENT },
    Argued { said: &["the JPEG has restart marker FF"], why: DIFFERENT },
    Argued {
        said: &["the JPEG's scan ends at byte ", " restart markers: samples are missing"],
        why: DIFFERENT,
    },
    Argued {
        said: &["the JPEG has ", " bytes of samples before byte ", ", behind its last restart marker"],
        why: DIFFERENT,
    },
    Argued { said: &["the JPEG's segment FF", " claims a length below that of its length"], why: DIFFERENT },
    Argued {
        said: &["the JPEG's segment FFDA at byte ", " codes again what an earlier scan coded"],
        why: DIFFERENT,
    },
    Argued {
        said: &["the JPEG's segment FFD9 at byte ", " ends the image before each component was coded"],
        why: DIFFERENT,
    },
    Argued { said: &["the JPEG 2000 has boxes that say another size"], why: UNSEEN },
    Argued { said: &["the JPEG 2000 tells of channels that it does not have"], why: UNSEEN },
    Argued { said: &["the JPEG 2000 has a packet at byte "], why: LOST },
    Argued { said: &["the JPEG 2000 has a tile ", " of fewer packets than its header says"], why: LOST },
    Argued { said: &["the JPEG 2000 has a tile ", " with bytes behind its last packet"], why: LOST },
];

/// Why an image is rightly refused that another program decodes, if that is so.
pub(super) fn argument(reason: &str) -> Option<&'static str> {
    ARGUED.iter().find(|argued| says(reason, argued.said)).map(|argued| argued.why)
}

/// Whether a text consists of these, and of other things between them and behind the last.
fn says(text: &str, parts: &[&str]) -> bool {
    let Some(first) = parts.first() else { return false };
    let mut rest = text;
    text.starts_with(first)
        && parts.iter().all(|part| {
            let behind = rest.split_once(part).map(|(_, behind)| behind);
            rest = behind.unwrap_or_default();
            behind.is_some()
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::root;

    #[test]
    fn a_refusal_is_known_by_all_that_is_said_of_it() {
        for (reason, is_argued) in [
            ("the PNG's chunk IDAT at byte 49 is damaged: its checksum is wrong", true),
            ("the PNG's chunk IDAT at byte 49 is damaged: it is longer than the file", false),
            ("the PNG's chunk tEXt at byte 49 is damaged: its checksum is wrong", false),
            ("not this, but: the BMP has a run of pixels that leaves the image", false),
            ("the ICO has 372 bytes, and its row of pixels would be 16 bytes from byte 600 on", true),
            ("the ICO has 372 bytes, and no more", false),
            ("the JPEG 2000 has a tile 3 with bytes behind its last packet, from byte 900 on", true),
            ("the JPEG 2000 has a packet at byte 1,026 that is longer than its tile-part", true),
            ("the JPEG 2000 has a tile-part at byte 26 that is not whole", false),
            ("the JPEG has restart marker FFD3 at byte 1,001, where another must be", true),
            ("the JPEG ends after 1,386 bytes, inside scan 1", false),
            ("the TIFF has tiles of JPEG that cannot be joined to one; save it anew", false),
            ("", false),
        ] {
            assert_eq!(argument(reason).is_some(), is_argued, "{reason}");
        }
    }

    #[test]
    fn the_documentation_has_every_argument() {
        let page = std::fs::read_to_string(root().join("docs/formats.md")).unwrap();
        // Lines end where the page is full.
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        let different = root().join("crates/pdf-engine/tests/oracle/different.tsv");
        let different = std::fs::read_to_string(different).unwrap();
        let shown = different.lines().filter_map(|line| line.split('\t').nth(1));
        for why in ARGUED.iter().map(|argued| argued.why).chain(shown) {
            assert!(page.contains(why), "docs/formats.md does not say: {why}");
        }
    }
}
