//! `fruitpress convert` on files and pipes.

use std::{
    fs::{self, File},
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::{folder, fruitpress, run, stderr, stdout, write_png};

#[test]
fn files_become_one_pdf_a_page_each() {
    let folder = folder();
    let (first, second, out) =
        (folder.path().join("a.png"), folder.path().join("b.png"), folder.path().join("out.pdf"));
    write_png(&first, 20, 10);
    write_png(&second, 10, 30);
    let output = run(fruitpress().arg("convert").args([&first, &second]).arg("-o").arg(&out));
    assert!(output.status.success(), "{}", stderr(&output));
    let pdf = fs::read(&out).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));
    let pages = String::from_utf8_lossy(&pdf).matches("/Type /Page\n").count()
        + String::from_utf8_lossy(&pdf).matches("/Type /Page ").count()
        + String::from_utf8_lossy(&pdf).matches("/Type/Page/").count();
    assert_eq!(pages, 2);
    assert_ne!(
        fs::metadata(&out).unwrap().permissions().mode() & 0o044,
        0,
        "others may read it, as the umask says"
    );
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn a_pipe_gives_the_bytes_that_a_file_gives() {
    let folder = folder();
    let (image, out) = (folder.path().join("a.png"), folder.path().join("out.pdf"));
    write_png(&image, 64, 64);
    assert!(run(fruitpress().arg("convert").arg(&image).arg("-o").arg(&out)).status.success());
    let piped = run(fruitpress().args(["convert", "-"]).stdin(File::open(&image).unwrap()));
    assert!(piped.status.success(), "{}", stderr(&piped));
    assert_eq!(piped.stdout, fs::read(&out).unwrap());
    let named = run(fruitpress().args(["convert", "-", "-o", "-"]).stdin(File::open(&image).unwrap()));
    assert_eq!(named.stdout, piped.stdout);
}

#[test]
fn a_failure_names_the_file_and_leaves_what_was_there() {
    let folder = folder();
    let (good, bad, out) =
        (folder.path().join("good.png"), folder.path().join("bad.png"), folder.path().join("out.pdf"));
    write_png(&good, 64, 64);
    let mut bytes = fs::read(&good).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&bad, bytes).unwrap();
    fs::write(&out, "what was there").unwrap();
    let output = run(fruitpress().arg("convert").args([&good, &bad]).arg("-o").arg(&out));
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("bad.png"), "{}", stderr(&output));
    assert_eq!(fs::read(&out).unwrap(), b"what was there");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "no half-written file is left");
}

#[test]
fn what_cannot_be_read_or_written_is_said() {
    let folder = folder();
    let image = folder.path().join("a.png");
    write_png(&image, 8, 8);
    let cases: [(&[&str], i32, &str); 5] = [
        (&["missing.png", "-o", "x.pdf"], 1, "missing.png: it cannot be opened: No such file"),
        (&["\x1b[2J\nb.png", "-o", "x.pdf"], 1, "fruitpress: \\u{1b}[2J\\nb.png: it cannot be opened"),
        (&[".", "-o", "x.pdf"], 1, "directory"),
        (
            &["a.png", "-o", "no/such/folder/x.pdf"],
            1,
            "folder/x.pdf cannot be written: its folder is not there",
        ),
        (&["-", "-", "-o", "x.pdf"], 2, "standard input"),
    ];
    for (arguments, status, word) in cases {
        let output = run(fruitpress().current_dir(folder.path()).arg("convert").args(arguments));
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(stderr(&output).contains(word), "{arguments:?}: {}", stderr(&output));
        assert!(!folder.path().join("x.pdf").exists());
    }
}

#[test]
fn an_image_is_never_overwritten() {
    let folder = folder();
    let (image, link, hard) =
        (folder.path().join("a.png"), folder.path().join("l.pdf"), folder.path().join("h.pdf"));
    write_png(&image, 8, 8);
    let before = fs::read(&image).unwrap();
    std::os::unix::fs::symlink("a.png", &link).unwrap();
    fs::hard_link(&image, &hard).unwrap();
    for out in ["a.png", "./a.png", "l.pdf", "h.pdf"] {
        for source in ["a.png", "-"] {
            let mut command = fruitpress();
            command.current_dir(folder.path()).args(["convert", source, "-o", out]);
            let output = run(command.stdin(File::open(&image).unwrap()));
            assert_eq!(output.status.code(), Some(1), "{source} {out}");
            assert!(stderr(&output).contains("one of the images"), "{}", stderr(&output));
            assert_eq!(fs::read(&image).unwrap(), before);
        }
    }
}

#[test]
fn the_file_behind_a_link_is_replaced_and_keeps_its_mode() {
    let folder = folder();
    let (image, out, link) =
        (folder.path().join("a.png"), folder.path().join("out.pdf"), folder.path().join("l.pdf"));
    write_png(&image, 8, 8);
    fs::write(&out, "private").unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("out.pdf", &link).unwrap();
    let output = run(fruitpress().arg("convert").arg(&image).arg("-o").arg(&link));
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read(&out).unwrap().starts_with(b"%PDF"));
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);

    let nowhere = folder.path().join("nowhere.pdf");
    std::os::unix::fs::symlink("no/such/file", &nowhere).unwrap();
    let output = run(fruitpress().arg("convert").arg(&image).arg("-o").arg(&nowhere));
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("a link to something that is not there"), "{}", stderr(&output));
}

#[test]
fn a_signal_leaves_no_unfinished_file() {
    for (signal, status) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let folder = folder();
        let mut child = fruitpress()
            .current_dir(folder.path())
            .args(["convert", "-", "-o", "out.pdf"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        // Held open: the end of the image would end the conversion.
        let _stdin = child.stdin.take();
        // It has begun to write once the unfinished file is there; then it waits for its standard input.
        let begun = || fs::read_dir(folder.path()).unwrap().count() == 1;
        for _ in 0..3000 {
            if begun() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(begun(), "it did not begin");
        std::thread::sleep(Duration::from_millis(100));
        let sent = std::process::Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(status), "{signal}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{signal} left a file");
    }
}

/// As `nohup` has it, and shells have it of what they start in the background.
#[test]
fn a_signal_that_is_ignored_from_the_start_stays_ignored() {
    let folder = folder();
    write_png(&folder.path().join("a.png"), 8, 8);
    let convert = format!("{} convert - -o out.pdf", env!("CARGO_BIN_EXE_fruitpress"));
    // Standard input comes after the signals, which come after the program has begun to write.
    let script = format!(
        "trap '' HUP INT; mkfifo pipe; {convert} < pipe & exec 3> pipe; until ls .fruitpress-*; do sleep 0.01; done; \
         sleep 0.1; kill -HUP $!; kill -INT $!; cat a.png >&3; exec 3>&-; wait $!"
    );
    let output = run(std::process::Command::new("bash").args(["-c", &script]).current_dir(folder.path()));
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(fs::read(folder.path().join("out.pdf")).unwrap().starts_with(b"%PDF-"));
}

#[test]
fn what_must_be_held_has_a_limit_that_is_named_and_can_be_raised() {
    let folder = folder();
    // Its data are never read: what it would take is known before.
    let header = [&400_u32.to_le_bytes()[..], &900_u32.to_le_bytes()].concat();
    let mut bmp =
        [b"BM".as_slice(), &[0; 8], &54_u32.to_le_bytes(), &40_u32.to_le_bytes(), &header, &[1, 0, 24, 0]]
            .concat();
    bmp.resize(54, 0);
    bmp.resize(54 + 400 * 3 * 900, 7);
    fs::write(folder.path().join("a.bmp"), bmp).unwrap();
    let convert = |flags: &[&str]| {
        run(fruitpress().current_dir(folder.path()).args(["convert", "a.bmp", "-o", "a.pdf"]).args(flags))
    };
    let output = convert(&["--memory-max", "1"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.starts_with("fruitpress: a.bmp: ") && said.ends_with("; --memory-max allows more\n"),
        "{said}"
    );
    assert!(convert(&["--memory-max", "2"]).status.success());
    assert!(convert(&[]).status.success());
    assert_eq!(convert(&["--memory-max", "0"]).status.code(), Some(2));
}

#[test]
fn a_file_that_may_not_grow_is_an_error_and_leaves_nothing() {
    let folder = folder();
    write_png(&folder.path().join("a.png"), 400, 400);
    let script = format!("ulimit -f 8; exec {} convert a.png -o out.pdf", env!("CARGO_BIN_EXE_fruitpress"));
    let output = run(std::process::Command::new("bash").args(["-c", &script]).current_dir(folder.path()));
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("out.pdf"), "{}", stderr(&output));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_was_left_out_of_an_image_is_said() {
    let folder = folder();
    let image = folder.path().join("a.png");
    write_png(&image, 8, 8);
    // A pHYs chunk of a wrong length behind the header: advice that can be done without.
    let mut png = fs::read(&image).unwrap();
    let chunk = [0, 0, 0, 1, b'p', b'H', b'Y', b's', 7];
    let mut damaged = chunk.to_vec();
    damaged.extend([0; 4]);
    png.splice(33..33, damaged);
    fs::write(&image, png).unwrap();
    let output = run(fruitpress().current_dir(folder.path()).args(["convert", "a.png", "-o", "a.pdf"]));
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).starts_with("fruitpress: a.png: "), "{}", stderr(&output));
}

/// A fault that all frames of an animation have is one line.
#[test]
fn a_warning_is_told_once_for_each_image() {
    // One pixel of black in a frame, and two bytes behind the end of its codes.
    let frame = [&[0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0][..], &[2, 4, 0x44, 1, 9, 9, 0]].concat();
    let head = [&b"GIF89a"[..], &[1, 0, 1, 0, 0x80, 0, 0], &[0, 0, 0, 255, 255, 255]].concat();
    let folder = folder();
    fs::write(folder.path().join("a.gif"), [&head[..], &frame.repeat(3), b";"].concat()).unwrap();
    fs::write(folder.path().join("b.gif"), [&head[..], &frame, b";"].concat()).unwrap();
    let output =
        run(fruitpress().current_dir(folder.path()).args(["convert", "a.gif", "b.gif", "-o", "a.pdf"]));
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].starts_with("fruitpress: a.gif: ") && lines[0].ends_with(" (3 frames)"), "{said}");
    assert!(lines[1].starts_with("fruitpress: b.gif: ") && !lines[1].contains('('), "{said}");
}

#[test]
fn a_device_is_written_in_place() {
    let folder = folder();
    let image = folder.path().join("a.png");
    write_png(&image, 8, 8);
    let output = run(fruitpress().arg("convert").arg(&image).args(["-o", "/dev/null"]));
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn an_image_may_be_larger_than_a_pipe_and_arrive_in_pieces() {
    let folder = folder();
    let image = folder.path().join("a.png");
    write_png(&image, 700, 500);
    let mut child =
        fruitpress().args(["convert", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes = fs::read(&image).unwrap();
    let writer = std::thread::spawn(move || {
        for piece in bytes.chunks(997) {
            stdin.write_all(piece).unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success() && output.stdout.ends_with(b"%%EOF\n"));
}

/// Converts an image of 400 by 300 pixels with these flags, and gives the PDF's text.
fn converted(flags: &[&str]) -> String {
    let folder = folder();
    write_png(&folder.path().join("a.png"), 400, 300);
    let output = run(fruitpress().current_dir(folder.path()).args(["convert", "a.png"]).args(flags));
    assert!(output.status.success(), "{flags:?}: {}", stderr(&output));
    stdout(&output)
}

#[test]
fn pages_are_as_the_flags_say() {
    let cases: [(&[&str], &str, &str); 17] = [
        (&[], "[0 0 300 225]", "q 300 0 0 225 0 0 cm"),
        (&["--dpi", "72"], "[0 0 400 300]", "q 400 0 0 300 0 0 cm"),
        (&["--pagesize", "600x800"], "[0 0 600 800]", "q 600 0 0 450 0 175 cm"),
        (&["-S", "10in"], "[0 0 720 540]", "q 720 0 0 540 0 0 cm"),
        (&["-S", "600x800", "-a"], "[0 0 800 600]", "q 800 0 0 600 0 0 cm"),
        (&["--imgsize", "144dpi"], "[0 0 200 150]", "q 200 0 0 150 0 0 cm"),
        (&["-s", "50%", "-b", "10:20"], "[0 0 190 132.5]", "q 150 0 0 112.5 20 10 cm"),
        (&["--border", "1:2:3:4"], "[0 0 306 229]", "q 300 0 0 225 4 3 cm"),
        (&["-S", "600x800", "-f", "EXACT"], "[0 0 600 800]", "q 600 0 0 800 0 0 cm"),
        (&["-S", "600x800", "--fit", "shrink"], "[0 0 600 800]", "q 300 0 0 225 150 287.5 cm"),
        (&["-S", "600x800", "--align", "top-left"], "[0 0 600 800]", "q 600 0 0 450 0 350 cm"),
        (&["-r", "90"], "[0 0 225 300]", "q 0 -300 225 0 0 300 cm"),
        (&["--orientation", "180"], "[0 0 300 225]", "q -300 0 0 -225 300 225 cm"),
        (&["-s", "Letter"], "[0 0 612 459]", "q 612 0 0 459 0 0 cm"),
        (&["--crop-border", "10:20"], "[0 0 300 225] /CropBox [20 10 280 215] /", "q 300 0 0 225 0 0 cm"),
        (
            &["--bleed-border", "1", "--trim-border", "1:2:3:4"],
            "[0 0 300 225] /BleedBox [1 1 299 224] /TrimBox [4 3 298 224] /",
            "q 300 0 0 225 0 0 cm",
        ),
        (&["--art-border", "1in"], "[0 0 300 225] /ArtBox [72 72 228 153] /", "q 300 0 0 225 0 0 cm"),
    ];
    for (flags, page, image) in cases {
        let pdf = converted(flags);
        assert!(pdf.contains(&format!("/MediaBox {page}")) && pdf.contains(image), "{flags:?}: {pdf}");
    }
}

#[test]
fn the_pdf_says_of_itself_what_the_flags_say() {
    let pdf = converted(&[
        "--title",
        "Scan (1)",
        "--author",
        "N. N.",
        "--keywords",
        "a, b",
        "--keywords=c",
        "--creationdate",
        "2026-03-31T18:30:00+02:00",
        "--producer",
        "",
    ]);
    let said = "<< /Title (Scan \\(1\\)) /Author (N. N.) /Keywords (a, b, c) /CreationDate (D:20260331183000+02'00') >>";
    assert!(pdf.contains(said), "{pdf}");
}

#[test]
fn archives_get_what_they_want() {
    let pdf = converted(&["--pdfa", "3B", "--title", "<a>"]);
    for part in ["<pdfaid:part>3</pdfaid:part>", "/S /GTS_PDFA1", "&lt;a&gt;", "/Title (<a>)"] {
        assert!(pdf.contains(part), "{part}");
    }
    assert!(!converted(&["--title", "<a>"]).contains("pdfaid"));
    assert!(converted(&["--pdfa"]).contains("<pdfaid:part>2</pdfaid:part>"));
}

#[test]
fn viewers_are_told_what_the_flags_say() {
    let cases: [(&[&str], &str); 7] = [
        (&["--viewer-panes", "thumbs"], " /PageMode /UseThumbs >>"),
        (&["--viewer-page-layout", "TwoColumnRight"], " /PageLayout /TwoColumnRight >>"),
        (&["--viewer-initial-page", "1"], " /XYZ null null 0] >>"),
        (&["--viewer-magnification", "fith"], " /FitH 225] >>"),
        (&["--viewer-magnification", "150%", "--viewer-initial-page=1"], " /XYZ null null 1.5] >>"),
        (
            &["--viewer-fit-window", "--viewer-center-window"],
            " /ViewerPreferences << /FitWindow true /CenterWindow true >> >>",
        ),
        (
            &["--viewer-fullscreen", "--viewer-panes=outlines"],
            " /PageMode /FullScreen /ViewerPreferences << /NonFullScreenPageMode /UseOutlines >> >>",
        ),
    ];
    let plain = converted(&["--nodate"]);
    assert_eq!(plain, converted(&[]));
    assert!(!plain.contains("/OpenAction") && !plain.contains("/PageMode"));
    for (flags, entries) in cases {
        let pdf = converted(flags);
        assert!(pdf.contains(entries), "{flags:?}: {pdf}");
    }
}

#[test]
fn images_are_listed_in_a_file_or_a_pipe() {
    let folder = folder();
    let named = |name: &str| folder.path().join(name);
    for name in ["a.png", "b c.png", "-"] {
        write_png(&named(name), 8, 8);
    }
    fs::write(named("list"), "b c.png\0./a.png\0\0-\0").unwrap();
    let convert = |arguments: &[&str], input: &str| {
        let mut command = fruitpress();
        command.current_dir(folder.path()).arg("convert").args(arguments);
        run(command.stdin(File::open(named(input)).unwrap()))
    };
    let expected = convert(&["b c.png", "a.png", "./-"], "list");
    assert!(expected.status.success(), "{}", stderr(&expected));
    for arguments in [["--from-file", "list"], ["--from-file", "-"]] {
        let output = convert(&arguments, "list");
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout == expected.stdout, "{arguments:?}");
    }

    fs::write(named("empty"), "\0\0").unwrap();
    fs::write(named("wrong"), "a.png\0missing.png\0").unwrap();
    File::create(named("long")).unwrap().set_len((64 << 20) + 1).unwrap();
    let cases: [(&[&str], i32, &str); 7] = [
        (&["--from-file", "list", "a.png"], 2, "cannot be used with"),
        (&["--from-file", "none"], 1, "none: it cannot be opened: No such file"),
        (&["--from-file", "."], 1, "it cannot be read"),
        (&["--from-file", "empty"], 1, "empty: there is no path in it"),
        (&["--from-file", "long"], 1, "at most 64 MiB"),
        (&["--from-file", "wrong"], 1, "missing.png: it cannot be opened"),
        (&["--from-file", "list", "-o", "list"], 1, "the list of the images"),
    ];
    for (arguments, status, words) in cases {
        let output = convert(arguments, "list");
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        assert!(said.contains(words) && output.stdout.is_empty(), "{arguments:?}: {said}");
    }
    assert_eq!(fs::read(named("list")).unwrap(), b"b c.png\0./a.png\0\0-\0");
}

#[test]
fn a_flag_that_is_wrong_is_named_with_what_would_be_right() {
    let too_long = "x".repeat(2001);
    let cases: [(&[&str], i32, &[&str]); 23] = [
        (&["--pdfa", "1b"], 2, &["--pdfa", "2b, 3b"]),
        (&["--pdfa", "2b", "--moddate", "2026-03-31T18:30:00"], 2, &["fruitpress: PDF/A wants the zone"]),
        (&["--pagesize", "A7"], 2, &["--pagesize", "A7", "A4", "10cmx15cm"]),
        (&["--imgsize", "0dpi"], 2, &["--imgsize", "300dpi"]),
        (&["--border", "1:2:3"], 2, &["--border", "TOP:RIGHT:BOTTOM:LEFT"]),
        (&["--fit", "cover"], 2, &["--fit", "cover", "into, fill, exact, shrink, enlarge"]),
        (&["--rotation", "45"], 2, &["--rotation", "180"]),
        (&["--align", "middle"], 2, &["--align", "bottom-right"]),
        (&["--dpi", "0"], 2, &["--dpi", "from 1 to 100,000"]),
        (&["--title", "a\nb"], 2, &["--title", "line breaks"]),
        (&["--author", &too_long], 2, &["--author", "2,000 characters"]),
        (&["--keywords", &too_long[1..], "--keywords", "a"], 2, &["the keywords", "2,000 characters"]),
        (&["--creationdate", "31.3.2026"], 2, &["--creationdate", "2026-03-31"]),
        (&["--pagesize", "A4", "--border", "20cm"], 2, &["fruitpress: the borders leave nothing"]),
        (&["--json"], 2, &["--json", "-o"]),
        (&["--crop-border", "1:2:3"], 2, &["--crop-border", "TOP:RIGHT:BOTTOM:LEFT"]),
        (&["--art-border=-1"], 2, &["--art-border"]),
        (
            &["--trim-border", "1in"],
            1,
            &["fruitpress: a.png: the trim border takes 144 of the 6 points", "smaller border"],
        ),
        (
            &["-S", "1inx1in", "--crop-border", "1in"],
            2,
            &["fruitpress: the crop border takes 144 of the 72 points"],
        ),
        (&["--viewer-panes", "layers"], 2, &["--viewer-panes", "none, outlines, thumbs"]),
        (&["--viewer-initial-page", "0"], 2, &["--viewer-initial-page", "from 1 to"]),
        (
            &["--viewer-initial-page", "2"],
            2,
            &["fruitpress: the PDF cannot be opened at page 2: it has 1 page"],
        ),
        (&["--viewer-magnification", "150"], 2, &["--viewer-magnification", "150%", "fitbh"]),
    ];
    let folder = folder();
    write_png(&folder.path().join("a.png"), 8, 8);
    for (flags, status, words) in cases {
        let output = run(fruitpress().current_dir(folder.path()).args(["convert", "a.png"]).args(flags));
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(status), "{flags:?}: {said}");
        assert!(words.iter().all(|word| said.contains(word)), "{flags:?}: {said}");
        assert!(output.stdout.is_empty(), "{flags:?}");
    }
}

#[test]
fn a_report_is_printed_beside_the_pdf() {
    let folder = folder();
    write_png(&folder.path().join("a.png"), 96, 48);
    write_png(&folder.path().join("b.png"), 8, 8);
    let arguments = ["convert", "a.png", "b.png", "-o", "out.pdf", "--json"];
    let output = run(fruitpress().current_dir(folder.path()).args(arguments));
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["output"], "out.pdf");
    assert_eq!(report["bytes"], fs::metadata(folder.path().join("out.pdf")).unwrap().len());
    assert_eq!(
        report["pages"][0],
        serde_json::json!({
            "image": "a.png",
            "frame": 0,
            "format": "PNG",
            "width_pixels": 96,
            "height_pixels": 48,
            "bits_per_sample": 8,
            "page_points": [72.0, 36.0],
            "embedding": "split",
            "lossless": true,
            "transparency": true,
            "warnings": [],
        })
    );
    assert_eq!(report["pages"][1]["image"], "b.png");
}

#[test]
fn long_work_shows_how_far_it_is_on_a_terminal() {
    let mut ours = File::from(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap());
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let terminal = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let folder = folder();
    write_png(&folder.path().join("a.png"), 8, 8);
    let bytes = fs::read(folder.path().join("a.png")).unwrap();
    let mut child = fruitpress()
        .current_dir(folder.path())
        .args(["convert", "a.png", "-", "-o", "out.pdf"])
        .stdin(Stdio::piped())
        .stderr(Stdio::from(terminal))
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The line changes when something is read, and at most five times a second: a byte at a time until it was seen.
    let seen = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for byte in bytes {
                stdin.write_all(&[byte]).unwrap();
                if !seen.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        });
        let (mut shown, mut buffer) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&shown).contains("image 2 of 2, 0 MB read, 0 MB written") {
            let count = ours.read(&mut buffer).unwrap_or_default();
            assert!(count > 0, "{:?}", String::from_utf8_lossy(&shown));
            shown.extend_from_slice(&buffer[..count]);
        }
        seen.store(true, Ordering::Relaxed);
    });
    assert!(child.wait().unwrap().success());
}

#[test]
fn many_images_are_pages_in_their_order_and_the_first_broken_one_is_named() {
    let folder = folder();
    let names: Vec<_> = (1..=40_u32).map(|width| format!("{width}.png")).collect();
    for (name, width) in names.iter().zip(4..) {
        write_png(&folder.path().join(name), width, 300 - width);
    }
    let convert = |names: &[&str], input: Stdio| {
        let arguments = ["convert", "--dpi", "72"].iter().chain(names);
        run(fruitpress().current_dir(folder.path()).args(arguments).stdin(input))
    };
    let mut named: Vec<_> = names.iter().map(String::as_str).collect();
    let together = convert(&named, Stdio::null());
    assert!(together.status.success(), "{}", stderr(&together));
    let pdf = String::from_utf8_lossy(&together.stdout).into_owned();
    let boxes: Vec<_> = pdf.split("/MediaBox ").skip(1).map(|rest| rest.split(']').next().unwrap()).collect();
    assert_eq!(boxes, (4..44).map(|width| format!("[0 0 {width} {}", 300 - width)).collect::<Vec<_>>());

    // With one of them piped, images are converted one by one, to the same bytes.
    named[20] = "-";
    let one_by_one = convert(&named, File::open(folder.path().join("21.png")).unwrap().into());
    assert!(one_by_one.stdout == together.stdout);

    for broken in ["17.png", "30.png"] {
        fs::write(folder.path().join(broken), "no image").unwrap();
    }
    let output = convert(&names.iter().map(String::as_str).collect::<Vec<_>>(), Stdio::null());
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("fruitpress: 17.png: this is no image"), "{}", stderr(&output));
}

#[test]
fn an_error_does_not_wait_for_a_pipe_behind_it() {
    let folder = folder();
    fs::write(folder.path().join("bad.png"), "no image").unwrap();
    // Nobody ever writes to the pipe.
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap();
    assert!(made.success());
    let output =
        run(fruitpress().current_dir(folder.path()).args(["convert", "bad.png", "pipe", "-o", "out.pdf"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("fruitpress: bad.png: this is no image"), "{}", stderr(&output));
}
