#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| electrolint_fuzz::targets::judge("archive", input));
