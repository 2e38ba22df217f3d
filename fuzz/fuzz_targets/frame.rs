//! Passes random bytes to the reader of workers' answers: whatever they are, it must not panic, nor take
//! memory for what is not there.
//!
//! With a nightly compiler: `cargo fuzz run frame`. With any other, as a plain loop that changes an answer
//! with a value of each sort at random: `cargo run --profile fuzz -p callpy-fuzz --bin frame -- [SECONDS]`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| callpy::workers::read_answer(bytes));

/// An answer: its head, what was written and retained, and a value of each sort.
#[cfg(not(fuzzing))]
fn answer() -> Vec<u8> {
    let mut body = Vec::new();
    let counted = |bytes: &[u8]| [&(bytes.len() as u32).to_ne_bytes()[..], bytes].concat();
    let tuple = |count: u32| [&b"t"[..], &count.to_ne_bytes()].concat();
    let int = |value: i64| [&b"i"[..], &value.to_ne_bytes()].concat();
    body.extend([tuple(2), tuple(1), tuple(3), int(0), int(4096), int(16)].concat());
    body.extend(
        [tuple(1), tuple(2), int(0), tuple(1), b"s".to_vec(), counted(b"a global")].concat(),
    );
    body.extend([tuple(9), b"NTF".to_vec(), int(-1)].concat());
    body.extend([&b"d"[..], &1.5_f64.to_ne_bytes(), b"s", &counted("é".as_bytes())].concat());
    body.extend([&b"b"[..], &counted(&[0, 255]), b"a\x0c\x00\x02"].concat());
    body.extend([4096_u64, 2, 3].map(u64::to_ne_bytes).concat());
    body.extend([&b"p"[..], &counted(b"\x80\x05N."), &1_u32.to_ne_bytes()].concat());
    body.extend([8192_u64, 24].map(u64::to_ne_bytes).concat());
    let head = [1_u64, 0].map(u64::to_ne_bytes).concat();
    let (len, status) = ((body.len() as u32).to_ne_bytes(), 0_u32.to_ne_bytes());
    [&head[..], &len, &status, &body].concat()
}

#[cfg(not(fuzzing))]
fn main() {
    let seconds = std::env::args().nth(1).map_or(10, |seconds| seconds.parse().expect("SECONDS"));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let whole = answer();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    let mut runs = 0_u64;
    while std::time::Instant::now() < end {
        let mut bytes = whole.clone();
        for _ in 0..1 + random(8) {
            let place = random(bytes.len());
            match random(4) {
                0 => bytes[place] = random(256) as u8,
                1 => bytes[place] = [0, 1, 127, 128, 255][random(5)],
                2 => bytes.insert(place, b"NTFidsbtap"[random(10)]),
                _ if place > 24 => bytes.truncate(place),
                _ => {}
            }
        }
        // The length in the head, without which nothing else is read.
        if bytes.len() >= 24 && random(8) > 0 {
            let len = (bytes.len() as u32 - 24).to_ne_bytes();
            bytes[16..20].copy_from_slice(&len);
        }
        // Each way to end.
        if random(2) == 0 && bytes.len() >= 24 {
            bytes[20] = random(7) as u8;
        }
        callpy::workers::read_answer(&bytes);
        runs += 1;
    }
    println!("{runs} answers were read");
}
