//! Misspelt names, and what always exists.

use serde_json::Value;

use super::support::{fail, run};

#[test]
fn a_misspelt_name_is_answered_with_the_one_that_comes_near() {
    let net = |text: &str| fail(&["plan", "--net", text]);
    assert!(net("simpent").ends_with("; did you mean simpnet?"));
    assert!(net("Conv 4 3x3; Dropout .5; Output").ends_with("; did you mean Drop?"));
    assert!(net("Conv 4 3x3; Maxpol 3; Output").ends_with("; did you mean Maxpool?"));
    assert!(!net("vgg").contains("did you mean"));
    let data = |text: &str| fail(&["data", "info", text]);
    assert!(data("cifar-10").ends_with("; did you mean cifar10?"));
    assert!(data("cifar-10:some/folder").ends_with("; did you mean cifar10?"));
    assert!(data("fashon-mnist").ends_with("; did you mean fashion-mnist?"));
    assert!(!data("imagenet").contains("did you mean"));
}

#[test]
fn what_always_exists_is_listed() {
    let (list, table) = (run(&["devices", "--json"]), run(&["devices"]));
    let devices: Vec<Value> = serde_json::from_str(&list.stdout).unwrap();
    let (twins, _) = devices.split_last().unwrap();
    assert_eq!((&twins["name"], &twins["max_binding_bytes"]), (&"reference".into(), &Value::Null));
    assert!(table.stdout.lines().any(|line| line.starts_with("reference ")), "{}", table.stdout);
    assert_eq!((list.code, table.code), (0, 0));
}
