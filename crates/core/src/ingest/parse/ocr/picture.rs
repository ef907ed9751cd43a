//! A PNG or JPEG made ready for text recognition: upright, grey, of a size that pays, with contrast.
//!
//! Sizes are checked before a pixel is decoded. Deskewing and binarisation are left to Tesseract,
//! which does both.

use std::io::Cursor;

use image::imageops::FilterType;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageError, ImageReader, Luma, Pixel, RgbaImage};

use super::{FailureKind, Limits, ParseFailure};

/// Narrower pictures are enlarged: an A4 page has small letters, and read better (half the errors at
/// 150 dpi, a fifth at 110), for a fifth more time.
const MIN_WIDTH: u32 = 1_600;
/// Width to enlarge to, unless that is more than twice.
const GOOD_WIDTH: u32 = 1_900;
/// Sides of A4 at 300 dpi; more on both costs time and reads no better. A long screenshot or receipt
/// keeps its width: it holds many pages, not larger letters.
const MAX_SIDE: u32 = 3_508;
const MAX_SHORT_SIDE: u32 = 2_480;
/// Longest side that Tesseract takes, with room.
const MAX_LENGTH: u32 = 32_000;
/// Most pixels for OCR, about three such pages: beyond, memory runs out before letters get better.
const MAX_AREA: u64 = 26_000_000;
/// Grey levels between dark and light; a picture with fewer is stretched.
const MIN_CONTRAST: u8 = 150;

pub(super) fn prepare(bytes: &[u8], limits: &Limits) -> Result<GrayImage, ParseFailure> {
    let image = decode(bytes, limits)?;
    let mut grey = flatten(image);
    let (width, height) = grey.dimensions();
    let side = width.max(height);
    let share = share(width, height);
    if share < 1.0 {
        // A share of a whole number is one.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let scaled = |n: u32| ((f64::from(n) * share).round() as u32).max(1);
        grey = resized(grey, scaled(width), scaled(height), FilterType::Triangle);
    } else if width < MIN_WIDTH {
        let wider = GOOD_WIDTH.min(width * 2).min(width * MAX_SIDE / side).max(width);
        grey = resized(grey, wider, height * wider / width.max(1), FilterType::CatmullRom);
    }
    stretch(&mut grey);
    Ok(grey)
}

/// In another size. Not the generic function of the same library: that one is compiled here, and four times as slow
/// as reading the picture where this program is built for development.
fn resized(image: GrayImage, width: u32, height: u32, filter: FilterType) -> GrayImage {
    DynamicImage::ImageLuma8(image).resize_exact(width, height, filter).into_luma8()
}

/// What to scale the sides of a picture by, if it is larger than it pays.
fn share(width: u32, height: u32) -> f64 {
    let (long, short) = (f64::from(width.max(height)), f64::from(width.min(height)));
    let page = (f64::from(MAX_SIDE) / long).max(f64::from(MAX_SHORT_SIDE) / short);
    #[allow(clippy::cast_precision_loss, reason = "it is far below the exact whole numbers of an f64")]
    let area = (MAX_AREA as f64 / (long * short)).sqrt();
    page.min(area).min(f64::from(MAX_LENGTH) / long)
}

fn decode(bytes: &[u8], limits: &Limits) -> Result<DynamicImage, ParseFailure> {
    if bytes.starts_with(b"\xff\xd8") && is_cut_jpeg(bytes) {
        return Err(cut_off());
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut decoder =
        reader.map_err(ImageError::from).and_then(ImageReader::into_decoder).map_err(|e| damaged(&e))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(ParseFailure::new(
            FailureKind::TooLarge,
            format!(
                "the picture has {width} x {height} pixels, more than the limit of {} million; make it smaller",
                limits.max_pixels / 1_000_000
            ),
        ));
    }
    let mut bounds = image::Limits::no_limits();
    bounds.max_alloc = Some(limits.memory_bytes);
    decoder.set_limits(bounds).map_err(|e| damaged(&e))?;
    let orientation = decoder.orientation().map_err(|e| damaged(&e))?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| damaged(&e))?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn damaged(error: &ImageError) -> ParseFailure {
    match error {
        ImageError::Limits(_) => ParseFailure::new(
            FailureKind::TooLarge,
            "the picture needs more memory than the limit; make it smaller or raise the limit",
        ),
        ImageError::Unsupported(_) => ParseFailure::new(
            FailureKind::Unsupported,
            "the picture uses a variant of its format that is not read; save it again as an ordinary PNG or JPEG",
        ),
        _ => cut_off(),
    }
}

fn cut_off() -> ParseFailure {
    ParseFailure::new(FailureKind::Corrupt, "the picture is cut off or damaged; copy or take it again")
}

/// Whether a JPEG ends before its end marker. The decoder would fill the rest with grey, and half a
/// notice would pass for a whole one. Segments before the first scan are stepped over, for they may
/// hold a whole JPEG, the preview.
fn is_cut_jpeg(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        if marker == 0xda {
            // It is mostly the last thing there is.
            return !bytes[at..].windows(2).rev().any(|pair| pair == b"\xff\xd9");
        }
        // Bytes that fill up to a marker.
        at += if marker == 0xff { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
    }
    true
}

/// Grey on white: what is transparent shows paper, not the black that lies under it.
fn flatten(image: DynamicImage) -> GrayImage {
    if !image.color().has_alpha() {
        return image.into_luma8();
    }
    let rgba = image.into_rgba8();
    let is_white_ink = is_white_ink(&rgba);
    GrayImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let pixel = rgba.get_pixel(x, y);
        let (level, alpha) = (u16::from(pixel.to_luma().0[0]), u16::from(pixel.0[3]));
        let level = if is_white_ink { 255 - level } else { level };
        Luma([u8::try_from((level * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255)])
    })
}

/// Whether what shows is light, with hardly anything dark in it, and much around it is transparent:
/// letters for a dark ground, which on paper would be white on white.
fn is_white_ink(image: &RgbaImage) -> bool {
    let (mut clear, mut shown, mut dark, mut sum) = (0_u64, 0_u64, 0_u64, 0_u64);
    for pixel in image.pixels() {
        if pixel.0[3] > 128 {
            let level = pixel.to_luma().0[0];
            shown += 1;
            sum += u64::from(level);
            dark += u64::from(level < 100);
        } else {
            clear += 1;
        }
    }
    shown > 0 && sum > 160 * shown && dark * 20 < shown && clear * 4 > shown
}

/// Spreads the grey levels of a pale picture; of a good one nothing is touched.
fn stretch(image: &mut GrayImage) {
    let mut counts = [0_u64; 256];
    for level in image.as_raw() {
        counts[usize::from(*level)] += 1;
    }
    let total: u64 = counts.iter().sum();
    // The extreme hundredth on either side is dust and glare.
    let level = |share: u64| {
        let mut seen = 0;
        let at = counts.iter().position(|count| {
            seen += count;
            seen * 100 >= total * share
        });
        u8::try_from(at.unwrap_or(255)).unwrap_or(255)
    };
    let (dark, light) = (level(1), level(99));
    if light <= dark || light - dark >= MIN_CONTRAST || light - dark < 16 {
        return;
    }
    let span = u32::from(light - dark);
    for pixel in image.pixels_mut() {
        let above = u32::from(pixel.0[0].saturating_sub(dark)).min(span);
        pixel.0[0] = u8::try_from(above * 255 / span).unwrap_or(255);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgba};

    fn png(image: &DynamicImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    #[test]
    fn too_many_pixels_are_refused_before_decoding() {
        let bytes = png(&DynamicImage::ImageLuma8(GrayImage::new(40, 30)));
        let limits = Limits { max_pixels: 1_000, ..Limits::default() };
        assert_eq!(prepare(&bytes, &limits).unwrap_err().kind, FailureKind::TooLarge);
    }

    #[test]
    fn transparency_is_paper() {
        let clear = RgbaImage::from_pixel(1_200, 10, Rgba([0, 0, 0, 0]));
        let grey = prepare(&png(&DynamicImage::ImageRgba8(clear)), &Limits::default()).unwrap();
        assert_eq!(grey.get_pixel(0, 0).0, [255]);
    }

    #[test]
    fn white_letters_on_nothing_are_black_on_paper() {
        let ink = |light: u8| {
            RgbaImage::from_fn(1_600, 20, |x, _| {
                if x % 8 == 0 { Rgba([light, light, light, 255]) } else { Rgba([0, 0, 0, 0]) }
            })
        };
        for light in [255, 30] {
            let grey = prepare(&png(&DynamicImage::ImageRgba8(ink(light))), &Limits::default()).unwrap();
            assert!(grey.get_pixel(0, 0).0[0] < 60 && grey.get_pixel(4, 4).0[0] > 200, "{light}");
        }
        // A window with dark text in it, cut out of its surroundings, is paper already.
        let window = RgbaImage::from_fn(1_600, 20, |x, _| match x % 10 {
            0..3 => Rgba([0, 0, 0, 0]),
            3 => Rgba([0, 0, 0, 255]),
            _ => Rgba([255, 255, 255, 255]),
        });
        let grey = prepare(&png(&DynamicImage::ImageRgba8(window)), &Limits::default()).unwrap();
        assert_eq!([grey.get_pixel(3, 0).0, grey.get_pixel(5, 0).0], [[0], [255]]);
    }

    #[test]
    fn small_pictures_grow_and_large_ones_shrink() {
        for ((width, height), expected) in [
            ((300, 200), (600, 400)),
            ((3_600, 2_600), (3_508, 2_534)),
            ((1_250, 1_000), (1_900, 1_520)),
            ((1_800, 900), (1_800, 900)),
        ] {
            let bytes = png(&DynamicImage::ImageLuma8(GrayImage::new(width, height)));
            assert_eq!(prepare(&bytes, &Limits::default()).unwrap().dimensions(), expected);
        }
    }

    #[test]
    fn a_long_screenshot_keeps_its_width_as_far_as_it_can() {
        assert!(share(1_080, 15_000) >= 1.0);
        assert!((0.79..0.81).contains(&share(500, 40_000)), "Tesseract takes no longer side");
        assert!(share(3_000, 20_000) * share(3_000, 20_000) * 60e6 < 26.1e6, "memory has an end");
    }

    #[test]
    fn pale_pictures_are_stretched() {
        let mut image = GrayImage::from_fn(100, 100, |x, _| Luma([if x < 50 { 120 } else { 180 }]));
        stretch(&mut image);
        assert_eq!((image.get_pixel(0, 0).0, image.get_pixel(99, 0).0), ([0], [255]));
    }

    #[test]
    fn half_a_jpeg_is_not_taken_for_a_whole_one() {
        let mut bytes = Vec::new();
        let image = GrayImage::from_fn(200, 200, |x, y| Luma([(x * y % 251) as u8]));
        image.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
        assert!(prepare(&bytes, &Limits::default()).is_ok());
        bytes.truncate(bytes.len() / 2);
        assert_eq!(prepare(&bytes, &Limits::default()).unwrap_err().kind, FailureKind::Corrupt);
    }

    #[test]
    fn a_damaged_picture_says_so() {
        let mut bytes = png(&DynamicImage::ImageLuma8(GrayImage::new(40, 30)));
        bytes.truncate(40);
        assert_eq!(prepare(&bytes, &Limits::default()).unwrap_err().kind, FailureKind::Corrupt);
    }
}
