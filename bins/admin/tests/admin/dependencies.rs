//! What the tool must not be linked with.

use std::process::Command;

#[test]
fn tool_links_neither_the_server_nor_the_sandbox() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "-p",
            "qlive-admin",
            "-e",
            "normal",
            "--prefix",
            "none",
        ])
        .args(["--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let tree = String::from_utf8(output.stdout).unwrap();
    let packages: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(packages.contains(&"qlive-app"), "{tree}");
    for banned in [
        "actix-web",
        "utoipa",
        "utoipa-swagger-ui",
        "qlive-server",
        "qlive-sandbox",
    ] {
        assert!(!packages.contains(&banned), "{banned} is linked: {tree}");
    }
}
