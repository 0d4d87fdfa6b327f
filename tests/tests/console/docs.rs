//! The tables in the operators' documentation are those of the code.

use std::fs;

use qlive_console::roles_table;

#[test]
fn documentation_says_what_each_role_may_do() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
    for (file, lang) in [("console.md", "en"), ("console.zh-CN.md", "zh")] {
        let text = fs::read_to_string(format!("{docs}/{file}")).unwrap();
        let table = roles_table(lang);
        let expected = format!("<!-- roles -->\n{table}\n<!-- /roles -->");
        assert!(text.contains(&expected), "{file} must have:\n{expected}");
    }
}
