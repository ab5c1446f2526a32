//! `fruitpress convert --each`.

use std::{
    fs::{self, File},
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::support::{folder, fruitpress, run, stderr, stdout, write_png};

fn each(folder: &Path, arguments: &[&str]) -> Output {
    run(fruitpress().current_dir(folder).args(["convert", "--each"]).args(arguments))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The bytes of the PDF of this image alone.
fn alone(folder: &Path, image: &str) -> Vec<u8> {
    run(fruitpress().current_dir(folder).args(["convert", image])).stdout
}

#[test]
fn every_image_becomes_its_pdf_beside_it_or_in_a_folder() {
    let folder = folder();
    let images: Vec<_> = (0..9).map(|at| format!("image {at}.png")).collect();
    for (side, image) in (1..).zip(&images) {
        write_png(&folder.path().join(image), 30 * side, 20);
    }
    fs::create_dir(folder.path().join("pdfs")).unwrap();
    for (arguments, beside) in [(&[][..], ""), (&["-o", "pdfs"], "pdfs/")] {
        let arguments: Vec<_> = images.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
        let output = each(folder.path(), &arguments);
        assert!(output.status.success() && stderr(&output).is_empty(), "{}", stderr(&output));
        for (at, image) in images.iter().enumerate() {
            let pdf = fs::read(folder.path().join(format!("{beside}image {at}.pdf"))).unwrap();
            assert!(pdf == alone(folder.path(), image), "{beside}{image}");
        }
    }
    assert_eq!(names(folder.path()).len(), 9 + 9 + 1);
    assert_eq!(names(&folder.path().join("pdfs")).len(), 9);
}

#[test]
fn one_that_fails_is_named_and_stops_none_of_the_others() {
    let folder = folder();
    for name in ["a.png", "c.png", "d.png"] {
        write_png(&folder.path().join(name), 30, 20);
    }
    fs::write(folder.path().join("b.png"), "no image").unwrap();
    fs::write(folder.path().join("d.pdf"), "what was there").unwrap();
    let images = ["a.png", "b.png", "c.png", "d.png", "e.png"];
    let output = each(folder.path(), &images);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 4, "{said}");
    for (line, words) in lines.iter().zip([
        "fruitpress: b.png: ",
        "fruitpress: d.pdf is there already: --force replaces it",
        "fruitpress: e.png: it cannot be opened: No such file",
        "fruitpress: 3 of 5 images were not converted",
    ]) {
        assert!(line.starts_with(words), "{said}");
    }
    assert_eq!(names(folder.path()), ["a.pdf", "a.png", "b.png", "c.pdf", "c.png", "d.pdf", "d.png"]);
    assert_eq!(fs::read(folder.path().join("d.pdf")).unwrap(), b"what was there");

    let output = each(folder.path(), &[&images[..], &["--force", "--json"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let told: Vec<_> = told.as_array().unwrap().iter().collect();
    assert_eq!(told.len(), 5, "{told:?}");
    for (told, (image, good)) in told.iter().zip(images.iter().zip([true, false, true, true, false])) {
        assert_eq!(told["output"], image.replace("png", "pdf"));
        if good {
            assert_eq!(told["pages"][0]["image"], *image, "{told}");
            let pdf = fs::read(folder.path().join(image.replace("png", "pdf"))).unwrap();
            assert!(told["bytes"] == pdf.len() && pdf == alone(folder.path(), image), "{told}");
        } else {
            assert!(told["image"] == *image && told["error"].is_string(), "{told}");
        }
    }
}

#[test]
fn names_that_would_lose_something_are_refused() {
    let folder = folder();
    for name in ["a.png", "a.gif", "b.png"] {
        write_png(&folder.path().join(name), 8, 8);
    }
    // An image by its content.
    fs::hard_link(folder.path().join("a.png"), folder.path().join("b.pdf")).unwrap();
    let before = names(folder.path());
    std::os::unix::fs::symlink(".", folder.path().join("link")).unwrap();
    let before = [before, vec!["link".to_owned()]].concat();
    let cases: [(&[&str], i32, &str); 9] = [
        (&["a.png", "./a.gif", "--force"], 1, "a.png and ./a.gif would both become ./a.pdf"),
        (&["a.png", "link/a.gif", "--force"], 1, "would both become"),
        (&["a.png", "a.gif"], 1, "a.png and a.gif would both become a.pdf"),
        (&["a.png", "-"], 2, "standard input has no name"),
        (&["a.png", "-o", "-"], 2, "do not go to standard output"),
        (&["a.png", "-o", "none"], 1, "none is no folder"),
        (&["a.png", "-o", "b.png"], 1, "b.png is no folder"),
        (&["b.png", "b.pdf", "--force", "-o", "."], 1, "would both become"),
        (&["a.png", "--border", "50cm", "--pagesize", "A4"], 2, "border"),
    ];
    for (arguments, status, words) in cases {
        let output = each(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(stderr(&output).contains(words), "{arguments:?}: {}", stderr(&output));
        assert_eq!(names(folder.path()), before, "{arguments:?}");
    }
    // `b.pdf` is the file of `a.png`.
    let output = each(folder.path(), &["a.png", "b.png", "--force"]);
    assert!(stderr(&output).contains("b.pdf is one of the images"), "{}", stderr(&output));
    let output = run(fruitpress().current_dir(folder.path()).args(["convert", "a.png", "--force"]));
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

/// What some of the PDFs cannot be is told of these.
#[test]
fn a_flag_that_suits_some_images_alone_fails_the_others() {
    let folder = folder();
    write_png(&folder.path().join("a.png"), 8, 8);
    fs::write(
        folder.path().join("b.pnm"),
        "P5 8 8 255\n".to_owned() + &"a".repeat(64) + "P5 8 8 255\n" + &"b".repeat(64),
    )
    .unwrap();
    let output = each(folder.path(), &["a.png", "b.pnm", "--viewer-initial-page", "2"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.starts_with("fruitpress: a.png: the PDF cannot be opened at page 2"), "{said}");
    assert_eq!(names(folder.path()), ["a.png", "b.pdf", "b.pnm"]);
    let output = each(folder.path(), &["a.png", "--viewer-initial-page", "2"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_signal_leaves_what_is_finished_and_nothing_else() {
    let folder = folder();
    write_png(&folder.path().join("a.png"), 8, 8);
    // It begins with them, and waits for ever.
    let fifos: Vec<_> = (0..4).map(|at| format!("fifo{at}.png")).collect();
    let made = std::process::Command::new("mkfifo").args(&fifos).current_dir(folder.path()).status();
    assert!(made.unwrap().success());
    let mut child = fruitpress()
        .current_dir(folder.path())
        .args(["convert", "--each", "a.png"])
        .args(&fifos)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Held open: they are neither empty nor at their end.
    let held: Vec<_> = fifos
        .iter()
        .map(|fifo| File::options().read(true).write(true).open(folder.path().join(fifo)).unwrap())
        .collect();
    let unfinished = || names(folder.path()).iter().filter(|name| name.ends_with(".unfinished")).count();
    let begun = || folder.path().join("a.pdf").exists() && unfinished() > 0;
    for _ in 0..3000 {
        if begun() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(begun(), "{:?}", names(folder.path()));
    let sent = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(names(folder.path()).len(), 4 + 2, "{:?}", names(folder.path()));
    assert_eq!(unfinished(), 0);
    drop(held);
}
