//! Paper by its name: ISO 216, JIS P 0138 (as JB), and the sizes of North America.

/// Width and height in points of the paper of this name, upright.
pub(super) fn size(name: &str) -> Option<[f64; 2]> {
    const MILLIMETRES: [(&str, [f64; 2]); 21] = [
        ("a0", [841.0, 1189.0]),
        ("a1", [594.0, 841.0]),
        ("a2", [420.0, 594.0]),
        ("a3", [297.0, 420.0]),
        ("a4", [210.0, 297.0]),
        ("a5", [148.0, 210.0]),
        ("a6", [105.0, 148.0]),
        ("b0", [1000.0, 1414.0]),
        ("b1", [707.0, 1000.0]),
        ("b2", [500.0, 707.0]),
        ("b3", [353.0, 500.0]),
        ("b4", [250.0, 353.0]),
        ("b5", [176.0, 250.0]),
        ("b6", [125.0, 176.0]),
        ("jb0", [1030.0, 1456.0]),
        ("jb1", [728.0, 1030.0]),
        ("jb2", [515.0, 728.0]),
        ("jb3", [364.0, 515.0]),
        ("jb4", [257.0, 364.0]),
        ("jb5", [182.0, 257.0]),
        ("jb6", [128.0, 182.0]),
    ];
    const POINTS: [(&str, [f64; 2]); 3] =
        [("letter", [612.0, 792.0]), ("legal", [612.0, 1008.0]), ("tabloid", [792.0, 1224.0])];
    let name = name.to_ascii_lowercase();
    if let Some((_, size)) = POINTS.iter().find(|(known, _)| *known == name) {
        return Some(*size);
    }
    MILLIMETRES.iter().find(|(known, _)| *known == name).map(|(_, size)| size.map(|side| side * 72.0 / 25.4))
}
