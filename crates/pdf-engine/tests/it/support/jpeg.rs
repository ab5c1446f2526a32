//! Makes JPEGs of flat blocks, or of few coefficients each: every marker in our hands, and real decoders read them.

/// A JPEG to be made. Each block of 8 by 8 samples has one value; no two neighbours are alike.
#[derive(Clone)]
pub(crate) struct Jpeg {
    pub(crate) width: u16,
    pub(crate) height: u16,
    /// Name and sampling across and down.
    pub(crate) components: Vec<(u8, u8, u8)>,
    pub(crate) progressive: bool,
    /// Whether blocks have other coefficients than their average, a bit after the other.
    pub(crate) refined: bool,
    /// Units between restart markers.
    pub(crate) restart: u16,
    /// Marker and payload of what comes first.
    pub(crate) segments: Vec<(u8, Vec<u8>)>,
    /// The marker of the frame, where it is another than the process's.
    pub(crate) frame_marker: Option<u8>,
}

pub(crate) const GRAY: &[(u8, u8, u8)] = &[(1, 1, 1)];
pub(crate) const YCC: &[(u8, u8, u8)] = &[(1, 1, 1), (2, 1, 1), (3, 1, 1)];
pub(crate) const YCC_420: &[(u8, u8, u8)] = &[(1, 2, 2), (2, 1, 1), (3, 1, 1)];
pub(crate) const RGB: &[(u8, u8, u8)] = &[(b'R', 1, 1), (b'G', 1, 1), (b'B', 1, 1)];
pub(crate) const CMYK: &[(u8, u8, u8)] = &[(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 1)];

/// One scan: components by place, first and last coefficient, the bits before and now.
struct Scan {
    places: Vec<usize>,
    range: [u8; 2],
    bits: [u8; 2],
}

impl Jpeg {
    pub(crate) fn new(width: u16, height: u16, components: &[(u8, u8, u8)]) -> Self {
        Self {
            width,
            height,
            components: components.to_vec(),
            progressive: false,
            refined: false,
            restart: 0,
            segments: Vec::new(),
            frame_marker: None,
        }
    }

    pub(crate) fn progressive(mut self) -> Self {
        self.progressive = true;
        self
    }

    /// Progressive, with scans that refine the coefficients of earlier ones.
    pub(crate) fn refined(mut self) -> Self {
        (self.progressive, self.refined) = (true, true);
        self
    }

    pub(crate) fn restart(mut self, units: u16) -> Self {
        self.restart = units;
        self
    }

    pub(crate) fn with(mut self, marker: u8, payload: impl Into<Vec<u8>>) -> Self {
        self.segments.push((marker, payload.into()));
        self
    }

    /// Adobe's marker with its colour transform: 0 none, 1 YCC, 2 YCCK.
    pub(crate) fn adobe(self, transform: u8) -> Self {
        self.with(0xee, [b"Adobe\0\x64\0\0\0\0".as_slice(), &[transform]].concat())
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8];
        for (marker, payload) in &self.segments {
            segment(&mut bytes, *marker, payload);
        }
        segment(&mut bytes, 0xdb, &[&[0][..], &[8; 64]].concat());
        segment(
            &mut bytes,
            self.frame_marker.unwrap_or(if self.progressive { 0xc2 } else { 0xc0 }),
            &self.frame(),
        );
        segment(&mut bytes, 0xc4, DC_CODES);
        segment(&mut bytes, 0xc4, if self.refined { RUN_CODES } else { AC_CODES });
        if self.restart > 0 {
            segment(&mut bytes, 0xdd, &self.restart.to_be_bytes());
        }
        for scan in self.scans() {
            let mut header = vec![scan.places.len() as u8];
            header.extend(scan.places.iter().flat_map(|place| [self.components[*place].0, 0]));
            header.extend([scan.range[0], scan.range[1], scan.bits[0] << 4 | scan.bits[1]]);
            segment(&mut bytes, 0xda, &header);
            bytes.extend(self.samples(&scan));
        }
        bytes.extend([0xff, 0xd9]);
        bytes
    }

    fn frame(&self) -> Vec<u8> {
        let mut frame = vec![8];
        frame.extend(self.height.to_be_bytes());
        frame.extend(self.width.to_be_bytes());
        frame.push(self.components.len() as u8);
        frame.extend(self.components.iter().flat_map(|(id, across, down)| [*id, across << 4 | down, 0]));
        frame
    }

    fn scans(&self) -> Vec<Scan> {
        let all: Vec<_> = (0..self.components.len()).collect();
        if !self.progressive {
            return vec![Scan { places: all, range: [0, 63], bits: [0, 0] }];
        }
        let mut scans = vec![Scan { places: all.clone(), range: [0, 0], bits: [0, 1] }];
        let bands: &[([u8; 2], [u8; 2])] = if self.refined {
            &[([1, 5], [0, 2]), ([6, 63], [0, 2]), ([1, 63], [2, 1]), ([1, 63], [1, 0])]
        } else {
            &[([1, 63], [0, 0])]
        };
        for (range, bits) in bands {
            scans.extend(all.iter().map(|place| Scan { places: vec![*place], range: *range, bits: *bits }));
        }
        scans.push(Scan { places: all, range: [0, 0], bits: [1, 0] });
        scans
    }

    fn samples(&self, scan: &Scan) -> Vec<u8> {
        let most = |pick: fn(&(u8, u8, u8)) -> u8| u32::from(self.components.iter().map(pick).max().unwrap());
        let (across, down) = (most(|component| component.1), most(|component| component.2));
        let (width, height) = (u32::from(self.width), u32::from(self.height));
        let alone = scan.places.len() == 1;
        let units = match *scan.places {
            [place] => {
                let (_, h, v) = self.components[place];
                [
                    (width * u32::from(h)).div_ceil(across).div_ceil(8),
                    (height * u32::from(v)).div_ceil(down).div_ceil(8),
                ]
            }
            _ => [width.div_ceil(8 * across), height.div_ceil(8 * down)],
        };
        let mut bits = Bits::default();
        let mut last = vec![0; self.components.len()];
        let mut ended = Ended::default();
        for unit in 0..units[0] * units[1] {
            if self.restart > 0 && unit > 0 && unit % u32::from(self.restart) == 0 {
                ended.put(&mut bits);
                bits.restart((unit / u32::from(self.restart) - 1) as u8 % 8);
                last.fill(0);
            }
            let (x, y) = (unit % units[0], unit / units[0]);
            for place in &scan.places {
                let (_, h, v) = self.components[*place];
                let (h, v) = if alone { (1, 1) } else { (u32::from(h), u32::from(v)) };
                for (block_y, block_x) in
                    (0..v).flat_map(|block_y| (0..h).map(move |block_x| (block_y, block_x)))
                {
                    let level = level(*place, x * h + block_x, y * v + block_y);
                    if self.refined && scan.range[0] > 0 {
                        band(&mut bits, scan, &coefficients(level), &mut ended);
                    } else {
                        block(&mut bits, scan, self.progressive, level, &mut last[*place]);
                    }
                }
            }
        }
        ended.put(&mut bits);
        bits.finish()
    }
}

/// What a block's samples are above middle gray.
fn level(place: usize, x: u32, y: u32) -> i32 {
    let value = (x * 53 + y * 97 + place as u32 * 31 + x * y * 11) % 200;
    value as i32 - 100
}

fn block(bits: &mut Bits, scan: &Scan, progressive: bool, level: i32, last: &mut i32) {
    match (scan.range[0], scan.bits) {
        (0, [0, low]) => {
            let value = level >> low;
            let difference = value - *last;
            *last = value;
            let size = 32 - difference.unsigned_abs().leading_zeros();
            bits.put(size, 4);
            let coded = if difference < 0 { difference + (1 << size) - 1 } else { difference };
            bits.put(coded as u32, size);
            if !progressive {
                bits.put(0, 1);
            }
        }
        // A refinement of one bit.
        (0, _) => bits.put(level as u32 & 1, 1),
        // No other coefficient: the end of the block.
        _ => bits.put(0, 1),
    }
}

/// The coefficients of a refined block beside its average: none in many, up to 7, with runs of zeros of all lengths.
fn coefficients(level: i32) -> [i32; 64] {
    let mut all = [0; 64];
    if level % 3 == 0 {
        (all[1], all[2], all[5], all[20]) = (level % 8, level / 3 % 4, -(level % 5), level % 2);
        all[40] = if level % 5 == 0 { 6 } else { 0 };
    }
    all[63] = if level % 7 == 0 { -1 } else { 0 };
    all
}

/// Blocks that one code is to end, and the bits that refine them.
#[derive(Default)]
struct Ended {
    blocks: u32,
    refining: Vec<u32>,
}

impl Ended {
    fn put(&mut self, bits: &mut Bits) {
        if self.blocks > 0 {
            let size = self.blocks.ilog2();
            bits.put(size, 5);
            bits.put(self.blocks - (1 << size), size);
            put_all(bits, &mut self.refining);
        }
        self.blocks = 0;
    }
}

fn put_all(bits: &mut Bits, refining: &mut Vec<u32>) {
    refining.drain(..).for_each(|bit| bits.put(bit, 1));
}

/// A block of a scan of coefficients, the first one of them or one that refines: T.81, section G.1.2.
fn band(bits: &mut Bits, scan: &Scan, coefficients: &[i32; 64], ended: &mut Ended) {
    let [before, now] = scan.bits;
    let range = usize::from(scan.range[0])..usize::from(scan.range[1]) + 1;
    let is_new = |at: &usize| {
        let size = coefficients[*at].unsigned_abs();
        size >> now > 0 && (before == 0 || size >> before == 0)
    };
    let last = range.clone().rev().find(is_new);
    let (mut zeros, mut refining) = (0, Vec::new());
    for at in range {
        let size = coefficients[at].unsigned_abs() >> now;
        if size == 0 {
            zeros += 1;
            continue;
        }
        while zeros > 15 && last.is_some_and(|last| at <= last) {
            ended.put(bits);
            bits.put(ZEROS_CODE, 5);
            put_all(bits, &mut refining);
            zeros -= 16;
        }
        if is_new(&at) {
            ended.put(bits);
            bits.put(RUN_CODE + zeros, 5);
            bits.put(u32::from(coefficients[at] > 0), 1);
            put_all(bits, &mut refining);
            zeros = 0;
        } else {
            refining.push(size & 1);
        }
    }
    if zeros > 0 || !refining.is_empty() {
        ended.blocks += 1;
        ended.refining.append(&mut refining);
        if ended.blocks == ENDED_MAX {
            ended.put(bits);
        }
    }
}

/// Twelve codes of four bits: the size of a difference.
const DC_CODES: &[u8] =
    &[0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
/// One code of one bit: the end of a block.
const AC_CODES: &[u8] = &[0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Codes of five bits: the end of up to 15 blocks, sixteen zeros, up to 15 zeros and a coefficient of one bit, and one of two.
const RUN_CODES: &[u8] = &[
    0x10, 0, 0, 0, 0, 22, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x10, 0x20, 0x30, 0xf0, 0x01, 0x11, 0x21,
    0x31, 0x41, 0x51, 0x61, 0x71, 0x81, 0x91, 0xa1, 0xb1, 0xc1, 0xd1, 0xe1, 0xf1, 0x02,
];
const ENDED_MAX: u32 = 15;
/// The code of sixteen zeros.
pub(crate) const ZEROS_CODE: u32 = 4;
/// The code of a coefficient of one bit behind no zero.
const RUN_CODE: u32 = 5;
/// The code of a coefficient of two bits, which no scan here has.
pub(crate) const TWO_BITS_CODE: u32 = 21;

/// A file of several pictures: the first with an index of all, the others behind it, each with what the index calls it.
pub(crate) fn several(first: &Jpeg, further: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let with_index = |positions: &[(u32, u32)]| first.clone().with(0xe2, index(further, positions)).bytes();
    let mut bytes = with_index(&vec![(0, 0); further.len() + 1]);
    let start = bytes.windows(4).position(|window| window == b"MPF\0").unwrap() + 4;
    let mut end = bytes.len();
    let mut positions = vec![(0, end as u32)];
    for (_, picture) in further {
        positions.push(((end - start) as u32, picture.len() as u32));
        end += picture.len();
    }
    bytes = with_index(&positions);
    bytes.extend(further.iter().flat_map(|(_, picture)| picture));
    bytes
}

/// The index of a file of several pictures: a TIFF file of one directory, and an entry for each.
fn index(further: &[(u32, Vec<u8>)], positions: &[(u32, u32)]) -> Vec<u8> {
    const PRIMARY: u32 = 0x2003_0000;
    let count = positions.len() as u32;
    let mut bytes = b"MPF\0MM\0\x2a\0\0\0\x08\0\x03".to_vec();
    for (tag, kind, count, value) in [
        (0xb000_u16, 7_u16, 4, u32::from_be_bytes(*b"0100")),
        (0xb001, 4, 1, count),
        (0xb002, 7, 16 * count, 8 + 2 + 3 * 12 + 4),
    ] {
        bytes.extend([tag.to_be_bytes(), kind.to_be_bytes()].concat());
        bytes.extend([count.to_be_bytes(), value.to_be_bytes()].concat());
    }
    bytes.extend([0; 4]);
    let kinds = [PRIMARY].into_iter().chain(further.iter().map(|(kind, _)| *kind));
    for (kind, (position, length)) in kinds.zip(positions) {
        bytes.extend([kind, length.to_owned(), *position, 0].map(u32::to_be_bytes).concat());
    }
    bytes
}

/// Appends a segment.
pub(crate) fn segment(bytes: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    bytes.extend([0xff, marker]);
    bytes.extend((payload.len() as u16 + 2).to_be_bytes());
    bytes.extend(payload);
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    byte: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        for at in (0..count).rev() {
            self.byte = self.byte << 1 | value >> at & 1;
            self.count += 1;
            if self.count == 8 {
                self.bytes.push(self.byte as u8);
                if self.byte & 0xff == 0xff {
                    self.bytes.push(0);
                }
                (self.byte, self.count) = (0, 0);
            }
        }
    }

    fn restart(&mut self, number: u8) {
        self.pad();
        self.bytes.extend([0xff, 0xd0 + number]);
    }

    fn pad(&mut self) {
        while self.count > 0 {
            self.put(1, 1);
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.pad();
        self.bytes
    }
}
