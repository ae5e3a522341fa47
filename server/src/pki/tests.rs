use super::names::names_in;
use super::{Folder, add_machine, init, renew_server};
use geofence::Timestamp;
use monitor_api::MachineName;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::os::unix::fs::PermissionsExt;
use x509_parser::prelude::{FromDer, X509Certificate};

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn days_valid(certificate: &std::path::Path) -> i64 {
    let der = CertificateDer::from_pem_file(certificate).unwrap();
    let (_, certificate) = X509Certificate::from_der(&der).unwrap();
    (certificate.validity().not_after.timestamp() - NOW.millis() / 1000) / 86_400
}

#[test]
fn a_start_has_two_authorities_and_a_server() {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::new(&directory.path().join("pki")).unwrap();
    let given = ["rooms.example".to_owned(), "10.0.0.7".to_owned()];
    let begun = init(&folder, &given, 398, NOW).unwrap();
    assert_eq!(days_valid(&begun.server.certificate), 398);
    assert_eq!((days_valid(&begun.server_authority), days_valid(&begun.machines_authority)), (3650, 3650));
    let names = names_in(&std::fs::read_to_string(&begun.server.certificate).unwrap()).unwrap();
    assert_eq!(names, ["rooms.example", "10.0.0.7", "localhost", "127.0.0.1", "::1"]);
    for key in ["server", "server-ca", "machines-ca"] {
        let mode = std::fs::metadata(folder.path().join(format!("{key}.key"))).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
    let before = std::fs::read(&begun.server.key).unwrap();
    let again = init(&folder, &given, 398, NOW).err().unwrap().to_string();
    assert!(again.contains("not overwritten"), "{again}");
    assert_eq!(std::fs::read(&begun.server.key).unwrap(), before);
}

#[test]
fn half_a_start_is_not_overwritten_either() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("server.key"), "precious").unwrap();
    let folder = Folder::new(directory.path()).unwrap();
    assert!(init(&folder, &[], 398, NOW).is_err());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing was written");
}

#[test]
fn a_servers_certificate_is_renewed_under_its_names_or_new_ones() {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::new(directory.path()).unwrap();
    assert!(renew_server(&folder, &["a.example".to_owned()], 398, NOW).err().unwrap().to_string().contains("paband pki init"));
    let begun = init(&folder, &["a.example".to_owned()], 398, NOW).unwrap();
    let read = || std::fs::read_to_string(&begun.server.certificate).unwrap();
    let first = read();
    renew_server(&folder, &[], 90, NOW).unwrap();
    assert_ne!(read(), first);
    assert_eq!(names_in(&read()), names_in(&first));
    assert_eq!(days_valid(&begun.server.certificate), 90);
    renew_server(&folder, &["b.example".to_owned()], 90, NOW).unwrap();
    assert_eq!(names_in(&read()).unwrap()[0], "b.example");
    assert!(renew_server(&folder, &["no host".to_owned()], 90, NOW).is_err());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 6, "nothing is left over");
}

#[test]
fn a_machine_has_its_name_role_and_unit_in_its_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let folder = Folder::new(directory.path()).unwrap();
    init(&folder, &[], 398, NOW).unwrap();
    let made = add_machine(&folder, "wall-2", "operator", "تهران/۱", 30, NOW).unwrap();
    let machine = MachineName::of(&CertificateDer::from_pem_file(&made.certificate).unwrap()).unwrap();
    assert_eq!((machine.name.as_str(), machine.role.as_str(), machine.unit.as_str()), ("wall-2", "operator", "تهران/۱"));
    assert_eq!(days_valid(&made.certificate), 30);
    assert_eq!(std::fs::metadata(&made.key).unwrap().permissions().mode() & 0o777, 0o600);
    for (name, role, unit) in
        [("wall-2", "operator", "1"), ("../wall", "operator", "1"), ("", "operator", "1"), (".wall", "r", "1"), ("wall-3", "", "1")]
    {
        assert!(add_machine(&folder, name, role, unit, 30, NOW).is_err(), "{name:?} {role:?}");
    }
}
