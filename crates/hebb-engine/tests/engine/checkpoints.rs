//! Checkpoint files: what stands in them, and what is said of bad ones.

use std::fs;
use std::path::Path;

use hebb_engine::checkpoint;
use hebb_engine::from_file::stored;
use hebb_engine::metadata::Progress;
use hebb_engine::tensor_file::TensorFile;
use hebb_spec::system::System;
use hebb_systems::layered::Rule;

use crate::fixture::epochs;

/// A safetensors file with a header of one's own.
pub fn write_raw(path: &Path, header: &str, data: &[u8]) {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    fs::write(path, bytes).unwrap();
}

#[test]
fn weights_and_metadata_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let model = epochs(1).model();
    let job = epochs(1).job(&model);
    let (weights, metadata) = (job.start().unwrap().weights, job.metadata(Progress::start(&model)));
    checkpoint::write(&path, &weights, &metadata).unwrap();
    let file = TensorFile::read(&path).unwrap();
    assert_eq!(stored(&model.params(), &file).unwrap().weights, weights);
    assert_eq!(file.metadata().unwrap(), metadata);
    let entries: Vec<_> = file.entries().into_iter().map(|entry| (entry.name, entry.dtype, entry.dims)).collect();
    let entry = |name: &str, dims: &[usize]| (name.to_owned(), "F32".to_owned(), dims.to_vec());
    let (conv, full, output) = (vec![3, 1, 3, 3], vec![6, 12], vec![3, 6]);
    let wanted =
        [entry("R2", &full), entry("R3", &output), entry("W1", &conv), entry("W2", &full), entry("W3", &output)];
    assert_eq!(entries, wanted);
    let first = fs::read(&path).unwrap();
    checkpoint::write(&path, &weights, &metadata).unwrap();
    assert_eq!(fs::read(&path).unwrap(), first, "the same bytes each time");
    let text = String::from_utf8_lossy(&first);
    assert!(!text.contains(&*folder.path().to_string_lossy()), "no path stands in it");
}

#[test]
fn bad_files_are_one_clear_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let model = epochs(1).rule(Rule::BP).with(|settings| settings.spec.net = "Output".to_owned()).model();
    let read = || TensorFile::read(&path).and_then(|file| stored(&model.params(), &file)).unwrap_err().to_string();
    let name = path.display().to_string();
    assert_eq!(read(), format!("there is no file {name}"));
    assert!(TensorFile::read(folder.path()).unwrap_err().to_string().starts_with("cannot read "));

    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let error = read();
        assert!(error.starts_with(&format!("{name} is truncated, damaged or no safetensors file (")), "{error}");
        assert!(error.ends_with(')') && !error.contains('\n'), "{error}");
    };
    refused(b"");
    refused(b"PK\x03\x04 something else altogether");
    refused(&[0xff; 64]);
    let header = r#"{"W1":{"dtype":"F32","shape":[3,16],"data_offsets":[0,192]}}"#;
    write_raw(&path, header, &[0; 192]);
    let whole = fs::read(&path).unwrap();
    for length in [7, 8, 40, whole.len() - 1] {
        refused(&whole[..length]);
    }
    fs::write(&path, &whole).unwrap();
    let file = TensorFile::read(&path).unwrap();
    assert!(stored(&model.params(), &file).is_ok() && !file.has_metadata());
    assert!(file.metadata().unwrap_err().to_string().contains("has no metadata of hebb"));

    write_raw(&path, r#"{"W2":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, &[0; 4]);
    assert_eq!(read(), format!("{name} has no tensor W1 of 3x16: it is of another network"));
    write_raw(&path, r#"{"W1":{"dtype":"F32","shape":[16,3],"data_offsets":[0,192]}}"#, &[0; 192]);
    assert_eq!(read(), format!("W1 in {name} is 16x3, but the network's is 3x16: it is of another network"));
    for (dtype, bytes) in [("F64", 384), ("I32", 192), ("U8", 48)] {
        let header = format!(r#"{{"W1":{{"dtype":"{dtype}","shape":[3,16],"data_offsets":[0,{bytes}]}}}}"#);
        write_raw(&path, &header, &vec![0; bytes]);
        assert_eq!(read(), format!("W1 in {name} holds {dtype}, not F32"));
    }
    write_raw(&path, r#"{"__metadata__":{"hebb":"{\"net\":1}"}}"#, &[]);
    let error = TensorFile::read(&path).unwrap().metadata().unwrap_err().to_string();
    assert!(error.starts_with(&format!("the hebb metadata of {name} do not read (")), "{error}");
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let model = epochs(1).model();
    let job = epochs(1).job(&model);
    let path = Path::new("/nonexistent/folder/a.safetensors");
    let metadata = job.metadata(Progress::start(&model));
    let error = checkpoint::write(path, &epochs(1).drawn(), &metadata).unwrap_err().to_string();
    assert!(error.starts_with("cannot write /nonexistent/folder/a.safetensors, which is left as it was: "), "{error}");
}
