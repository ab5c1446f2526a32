//! Reads enough of our PDFs to tell that they hold together, and takes streams out of them.

/// Checks header, cross-reference table, every object's place, every stream's length, and the trailer.
pub(crate) fn check(pdf: &[u8]) {
    if let Err(why) = try_check(pdf) {
        panic!("the PDF is broken: {why}");
    }
}

/// As [`check`], for tests that count.
pub(crate) fn try_check(pdf: &[u8]) -> Result<(), String> {
    if !pdf.starts_with(b"%PDF-1.7\n") || !pdf.ends_with(b"%%EOF\n") {
        return Err(String::from("no header or no end"));
    }
    let tail = String::from_utf8_lossy(&pdf[pdf.len().saturating_sub(300)..]).into_owned();
    let start: usize = number_behind(&tail, "startxref\n").ok_or("no startxref")?;
    let size: usize = number_behind(&tail, "/Size ").ok_or("no size")?;
    let table = pdf.get(start..).ok_or("startxref beyond the end")?;
    let head = format!("xref\n0 {size}\n0000000000 65535 f \n");
    let entries = table.strip_prefix(head.as_bytes()).ok_or("no cross-reference table")?;
    for number in 1..size {
        let entry = entries.get((number - 1) * 20..number * 20).ok_or("a short table")?;
        let offset: usize = std::str::from_utf8(&entry[..10])
            .ok()
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| format!("no offset of object {number}"))?;
        if &entry[10..] != b" 00000 n \n"
            || !pdf[offset..].starts_with(format!("{number} 0 obj\n").as_bytes())
        {
            return Err(format!("object {number} is not at {offset}"));
        }
        stream_end(pdf, offset, entries)?;
    }
    Ok(())
}

/// Checks that a stream of the object at `offset` is as long as its length says.
fn stream_end(pdf: &[u8], offset: usize, entries: &[u8]) -> Result<(), String> {
    let body = &pdf[offset..];
    let head = &body[..body.len().min(8192)];
    let end_of_object = find(head, b"endobj").unwrap_or(head.len());
    let Some(start) = find(head, b"stream\n").filter(|start| *start < end_of_object) else { return Ok(()) };
    let dictionary = String::from_utf8_lossy(&head[..start]).into_owned();
    let name: usize = number_behind(&dictionary, "/Length ").ok_or("a stream without length")?;
    let at = std::str::from_utf8(&entries[(name - 1) * 20..][..10]).map_err(|error| error.to_string())?;
    let at: usize = at.parse().map_err(|_| String::from("no offset of a length"))?;
    let length = String::from_utf8_lossy(&pdf[at..pdf.len().min(at + 40)]).into_owned();
    let length: usize = number_behind(&length, "obj\n").ok_or("a length that is no number")?;
    let end = body.get(start + 7 + length..).ok_or("a stream beyond the end")?;
    if end.starts_with(b"\nendstream\nendobj\n") {
        Ok(())
    } else {
        Err(format!("a stream at {offset} of another length"))
    }
}

/// The image's dictionary, and its data as they stand.
pub(crate) fn image(pdf: &[u8]) -> (String, Vec<u8>) {
    images(pdf).remove(0)
}

/// Every image and mask: dictionary and data.
pub(crate) fn images(pdf: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = find(&pdf[at..], b"<< /Type /XObject") {
        let start = at + start;
        let data = start + find(&pdf[start..], b"stream\n").unwrap() + 7;
        let dictionary = String::from_utf8_lossy(&pdf[start..data]).into_owned();
        let name: usize = number_behind(&dictionary, "/Length ").unwrap();
        let object = format!("\n{name} 0 obj\n");
        let length = data + find(&pdf[data..], object.as_bytes()).unwrap() + object.len();
        let length = String::from_utf8_lossy(&pdf[length..length + 20]).into_owned();
        let length: usize = number_behind(&length, "").unwrap();
        found.push((dictionary, pdf[data..data + length].to_vec()));
        at = data + length;
    }
    found
}

/// The text of a PDF, its binary parts mangled.
pub(crate) fn text(pdf: &[u8]) -> String {
    String::from_utf8_lossy(pdf).into_owned()
}

fn number_behind(text: &str, label: &str) -> Option<usize> {
    let digits = &text[text.find(label)? + label.len()..];
    let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
