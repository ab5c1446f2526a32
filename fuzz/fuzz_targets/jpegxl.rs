#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::check_format(pdf_engine::Format::JpegXl, data));
