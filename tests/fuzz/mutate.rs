//! Inputs made of others, by chance that can be repeated.

/// Numbers that lengths and counts go wrong with.
const NUMBERS: [i64; 14] =
    [0, 1, -1, 2, 127, 128, 255, 256, 32_767, 65_535, 1 << 20, i32::MAX as i64, i32::MIN as i64, i64::MAX];

/// Splitmix64: the same numbers for the same seed on every machine.
pub struct Random(u64);

impl Random {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, or 0.
    fn below(&mut self, limit: usize) -> usize {
        if limit == 0 { 0 } else { (self.next() % limit as u64) as usize }
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// One of the corpus with one to four changes.
pub fn mutated(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = random.pick(corpus).clone();
    for _ in 0..=random.below(4) {
        change(&mut input, corpus, random);
    }
    input
}

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len());
    let length = 1 + random.below(16.min(input.len().max(1)));
    let end = (at + length).min(input.len());
    match random.below(9) {
        0 if !input.is_empty() => input[at] ^= 1 << random.below(8),
        1 if !input.is_empty() => input[at] = random.next() as u8,
        2 => drop(input.drain(at..end)),
        3 => {
            let copy = input[at..end].to_vec();
            let to = random.below(input.len() + 1);
            drop(input.splice(to..to, copy));
        }
        4 => input.truncate(at),
        5 => {
            let number = random.pick(&NUMBERS).to_be_bytes();
            let width = *random.pick(&[1, 2, 4, 8]);
            let end = (at + width).min(input.len());
            drop(input.splice(at..end, number[8 - width..].iter().copied()));
        }
        6 => {
            let other = random.pick(corpus);
            let from = random.below(other.len());
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        7 => {
            let text = *random.pick(&[
                &b"\0"[..],
                b"\"",
                b"\\",
                b"=",
                b",",
                b"\n",
                b"[",
                b"{",
                b"\xff\xfe",
                b"\xe2\x80\xae",
                b"-",
                b"9999999999999999999",
            ]);
            drop(input.splice(at..at, text.iter().copied()));
        }
        _ => {
            let byte = random.next() as u8;
            drop(input.splice(at..end, std::iter::repeat_n(byte, length * 8)));
        }
    }
}
