//! Folders of images, good and bad. All are small and written here.

#![expect(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hebb_data::{Dataset, Source, load, validation_split};
use hebb_spec::Shape;
use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage, RgbaImage};
use tempfile::TempDir;

/// A grey image, 3 wide and 2 high, each pixel its place plus `base`.
fn grey(base: u8) -> DynamicImage {
    GrayImage::from_fn(3, 2, |x, y| Luma([base + (3 * y + x) as u8])).into()
}

fn colour(base: u8) -> DynamicImage {
    RgbImage::from_fn(3, 2, |x, y| Rgb([0, 50, 100].map(|channel| base + channel + (3 * y + x) as u8))).into()
}

fn save(folder: &Path, file: &str, image: &DynamicImage) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    image.save(path).unwrap();
}

/// Two classes of so many grey images each; an image's first pixel tells its class and number.
fn two_classes(folder: &Path, each: u8) {
    for number in 0..each {
        save(folder, &format!("zebra/{number}.png"), &grey(100 + number));
        save(folder, &format!("ant/{number}.png"), &grey(number));
    }
}

fn named(folder: &TempDir) -> String {
    format!("folder:{}", folder.path().display())
}

fn sentence(folder: &TempDir) -> String {
    let source: Source = named(folder).parse().unwrap();
    let sentence = source.load().unwrap_err().to_string();
    // A question for the shape must not pass over what a run would stumble on later, but for damage within an image.
    if let Err(error) = source.outline() {
        assert_eq!(error.to_string(), sentence);
    }
    sentence
}

fn first_pixels(data: &Dataset) -> (Vec<u8>, Vec<u8>) {
    let pixels = |split: &hebb_data::Split| (0..split.len()).map(|index| split.image(index)[0]).collect();
    (pixels(&data.train), pixels(&data.test))
}

#[test]
fn a_sixth_of_the_shuffled_images_is_to_test_on() {
    let folder = TempDir::new().unwrap();
    two_classes(folder.path(), 10);
    let data = load(&named(&folder)).unwrap();
    assert_eq!(
        (data.name.as_str(), data.shape, data.class_names.join(" ")),
        ("folder", Shape::new(1, 2, 3), "ant zebra".into())
    );
    let (train, test) = first_pixels(&data);
    assert_eq!((train.len(), test.len()), (17, 3));
    let all: BTreeSet<u8> = train.iter().chain(&test).copied().collect();
    assert_eq!(all, (0..10).chain(100..110).collect());
    for split in [&data.train, &data.test] {
        for (index, &label) in split.labels().iter().enumerate() {
            assert_eq!(label == 1, split.image(index)[0] >= 100);
        }
    }
    // Written down, for it must be so everywhere and for ever.
    assert_eq!(test, [7, 107, 8]);
    assert!(train[..8].iter().any(|&pixel| pixel >= 100) && train[..8].iter().any(|&pixel| pixel < 100), "{train:?}");
    assert_eq!(load(&named(&folder)).unwrap(), data);
}

#[test]
fn each_class_has_an_image_to_train_on() {
    let folder = TempDir::new().unwrap();
    two_classes(folder.path(), 20);
    // Classes of one or two images each, which by chance alone would be to test on or for validation, some of them.
    let rare: Vec<String> = (0..12).map(|class| format!("rare {class:02}")).collect();
    for (class, name) in (0..).zip(&rare) {
        (0..=class % 2).for_each(|image| save(folder.path(), &format!("{name}/{image}.png"), &grey(200 + class)));
    }
    let served = |data: &Dataset| {
        let first = data.train.len() - validation_split(data.train.len(), None).unwrap();
        let labels: BTreeSet<u16> = data.train.labels()[..first].iter().copied().collect();
        assert_eq!(labels.len(), 14, "{labels:?}");
    };
    let source: Source = named(&folder).parse().unwrap();
    assert!(source.outline().unwrap().is_reordered());
    let data = source.load().unwrap();
    assert_eq!((data.train.len(), data.test.len()), (49, 9));
    served(&data);
    // With a folder of its own to test on, it is validation that could take them all.
    let other = TempDir::new().unwrap();
    for name in ["zebra", "ant"].into_iter().map(str::to_owned).chain(rare) {
        let (train, test) = (other.path().join("train").join(&name), other.path().join("test").join(&name));
        for folder_of in [train, test] {
            fs::create_dir_all(&folder_of).unwrap();
            for entry in fs::read_dir(folder.path().join(&name)).unwrap() {
                let path = entry.unwrap().path();
                fs::copy(&path, folder_of.join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    served(&load(&named(&other)).unwrap());
    // Where each class has one by itself, the order is that of version 0.1.
    let plain = TempDir::new().unwrap();
    two_classes(plain.path(), 10);
    assert!(!named(&plain).parse::<Source>().unwrap().outline().unwrap().is_reordered());
}

#[test]
fn two_images_are_enough() {
    let folder = TempDir::new().unwrap();
    two_classes(folder.path(), 1);
    let data = load(&named(&folder)).unwrap();
    assert_eq!((data.train.len(), data.test.len()), (1, 1));
}

#[test]
fn train_and_test_are_taken_as_they_are() {
    let folder = TempDir::new().unwrap();
    two_classes(&folder.path().join("train"), 5);
    two_classes(&folder.path().join("test"), 2);
    let data = load(&named(&folder)).unwrap();
    let (mut train, test) = first_pixels(&data);
    assert_ne!(train, [0, 1, 2, 3, 4, 100, 101, 102, 103, 104], "validation would be of the last class alone");
    train.sort_unstable();
    assert_eq!(train, [0, 1, 2, 3, 4, 100, 101, 102, 103, 104]);
    assert_eq!((test, data.test.labels()), (vec![0, 1, 100, 101], &[0, 0, 1, 1][..]));
    // A class may be called train where there is no test.
    fs::remove_dir_all(folder.path().join("test")).unwrap();
    fs::remove_dir_all(folder.path().join("train")).unwrap();
    save(folder.path(), "train/a.png", &grey(0));
    save(folder.path(), "car/a.png", &grey(0));
    assert_eq!(load(&named(&folder)).unwrap().class_names, ["car", "train"]);
}

#[test]
fn one_image_in_colour_makes_all_rgb() {
    let folder = TempDir::new().unwrap();
    two_classes(&folder.path().join("train"), 1);
    save(folder.path(), "test/ant/a.png", &grey(7));
    save(folder.path(), "test/zebra/a.png", &colour(20));
    let data = load(&named(&folder)).unwrap();
    assert_eq!(data.shape, Shape::new(3, 2, 3));
    assert_eq!(data.test.image(0), [7, 8, 9, 10, 11, 12].repeat(3));
    assert_eq!(data.test.image(1), [20, 70, 120].map(|base| (base..base + 6).collect::<Vec<u8>>()).concat());
}

#[test]
fn formats_are_told_by_content_and_alpha_is_left_out() {
    let folder = TempDir::new().unwrap();
    save(folder.path(), "train/a/1.bmp", &colour(1));
    save(folder.path(), "train/b/1.jpg", &colour(1));
    let alpha = RgbaImage::from_fn(3, 2, |x, y| image::Rgba([(3 * y + x) as u8, 9, 9, (40 * x) as u8]));
    save(folder.path(), "test/a/1.png", &alpha.into());
    save(folder.path(), "test/b/1.png", &colour(1));
    fs::rename(folder.path().join("test/b/1.png"), folder.path().join("test/b/1.jpeg")).unwrap();
    let data = load(&named(&folder)).unwrap();
    assert_eq!(data.shape, Shape::new(3, 2, 3));
    assert_eq!(data.test.image(0)[..7], [0, 1, 2, 3, 4, 5, 9]);
    let bitmap = data.train.labels().iter().position(|&label| label == 0).unwrap();
    assert_eq!(data.train.image(bitmap), data.test.image(1));
}

#[test]
fn the_shape_is_known_without_decoding() {
    let folder = TempDir::new().unwrap();
    two_classes(folder.path(), 2);
    let known = |folder: &TempDir| {
        let outline = named(folder).parse::<Source>().unwrap().outline().unwrap();
        (outline.shape, outline.classes)
    };
    assert_eq!(known(&folder), (Shape::new(1, 2, 3), 2));
    save(folder.path(), "bee/x.jpg", &colour(0));
    assert_eq!(known(&folder), (Shape::new(3, 2, 3), 3));
}

#[test]
fn hidden_files_and_files_beside_the_classes_do_not_count() {
    let folder = TempDir::new().unwrap();
    two_classes(folder.path(), 3);
    let plain = load(&named(&folder)).unwrap();
    for file in [".DS_Store", "README.md", "ant/.hidden", "ant/Thumbs.db", "zebra/desktop.ini"] {
        fs::write(folder.path().join(file), "no image").unwrap();
    }
    fs::create_dir(folder.path().join(".git")).unwrap();
    assert_eq!(load(&named(&folder)).unwrap(), plain);
}

#[test]
fn an_image_of_another_size_is_named() {
    let folder = TempDir::new().unwrap();
    two_classes(folder.path(), 2);
    save(folder.path(), "bee/wide.png", &GrayImage::new(4, 2).into());
    assert_eq!(
        sentence(&folder),
        format!(
            "{} has 4x2 pixels, but {} has 3x2: bring all images to one size",
            folder.path().join("bee/wide.png").display(),
            folder.path().join("ant/0.png").display()
        )
    );
}

#[test]
fn what_is_no_image_is_named() {
    let folder = TempDir::new().unwrap();
    two_classes(folder.path(), 2);
    let path = folder.path().join("ant/notes.txt");
    fs::write(&path, "no image").unwrap();
    let start = format!("cannot read {} as a PNG, JPEG or BMP image (", path.display());
    let end = "): mend it, convert it or move it away";
    for bytes in
        [&b"no image"[..], b"", b"GIF89a\x01\x00\x01\x00", &fs::read(folder.path().join("ant/0.png")).unwrap()[..60]]
    {
        fs::write(&path, bytes).unwrap();
        let sentence = sentence(&folder);
        assert!(sentence.starts_with(&start) && sentence.ends_with(end), "{sentence}");
    }
}

#[test]
fn an_image_longer_than_a_shape_can_be_is_named() {
    let folder = TempDir::new().unwrap();
    save(folder.path(), "a/long.png", &GrayImage::new(65_536, 1).into());
    save(folder.path(), "b/long.png", &GrayImage::new(65_536, 1).into());
    let sentence = sentence(&folder);
    let part = format!(
        "{} as a PNG, JPEG or BMP image (65536x1 pixels are too many)",
        folder.path().join("a/long.png").display()
    );
    assert!(sentence.contains(&part), "{sentence}");
}

#[test]
fn a_class_without_images_or_with_folders_is_named() {
    let folder = TempDir::new().unwrap();
    two_classes(folder.path(), 2);
    let path = folder.path().join("bee");
    fs::create_dir(&path).unwrap();
    assert_eq!(sentence(&folder), format!("{} holds no image: add some, or remove the folder", path.display()));
    fs::create_dir(path.join("inner")).unwrap();
    assert_eq!(
        sentence(&folder),
        format!("{} is a folder among a class's images: move its images up or away", path.join("inner").display())
    );
}

#[test]
fn fewer_than_two_classes_are_refused() {
    let folder = TempDir::new().unwrap();
    let expected = |path: &Path, found: usize| {
        format!(
            "{} has {found} sub-folders of images: give it 2 to 65,536, one a class, or train/ and test/ with such",
            path.display()
        )
    };
    save(folder.path(), "a.png", &grey(0));
    assert_eq!(sentence(&folder), expected(folder.path(), 0));
    save(folder.path(), "train/only/a.png", &grey(0));
    save(folder.path(), "test/only/a.png", &grey(0));
    assert_eq!(sentence(&folder), expected(&folder.path().join("train"), 1));
    let absent = load("folder:/no/such").unwrap_err().to_string();
    assert_eq!(absent, "there is no folder /no/such: pass the folder that has the data's files");
}

#[test]
fn train_and_test_need_the_same_classes_and_nothing_beside_them() {
    let folder = TempDir::new().unwrap();
    two_classes(&folder.path().join("train"), 2);
    two_classes(&folder.path().join("test"), 2);
    save(folder.path(), "test/bee/a.png", &grey(0));
    let at = |path: &str| folder.path().join(path).display().to_string();
    assert_eq!(
        sentence(&folder),
        format!(
            "there is no {}, though {} is a class: give train/ and test/ the same classes",
            at("train/bee"),
            at("test/bee")
        )
    );
    fs::rename(folder.path().join("test/bee"), folder.path().join("validation")).unwrap();
    assert_eq!(
        sentence(&folder),
        format!("{} stands beside train/ and test/, where no class can: move it away", at("validation"))
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let folder = TempDir::new().unwrap();
    two_classes(folder.path(), 1);
    let path = folder.path().join("ant").join(std::ffi::OsStr::from_bytes(b"\xff.png"));
    fs::copy(folder.path().join("ant/0.png"), &path).unwrap();
    assert_eq!(sentence(&folder), format!("the name of {} is no valid Unicode: rename it", path.display()));
}
