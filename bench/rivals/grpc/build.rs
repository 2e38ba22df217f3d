//! Generates the client.

fn main() {
    println!("cargo:rerun-if-env-changed=PROTOC");
    tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .compile_protos(&["work.proto"], &["."])
        .expect("work.proto compiles; PROTOC names a protoc");
}
