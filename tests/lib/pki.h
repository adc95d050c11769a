/*
 * Authorities, certificates and keys for tests, made when the test runs: nothing that expires lies
 * in the tree. All of them are files in one folder:
 *
 *   ca.pem                     the authority that server and client belong to
 *   server.pem, .key           for localhost, report.test, 127.0.0.1 and ::1
 *   expired.pem, .key          the same, ended an hour ago
 *   elsewhere.pem, .key        for elsewhere.example
 *   client.pem, .key           the client
 *   strange-ca.pem             another authority
 *   strange.pem, .key          a client (and a server for localhost) of that one
 *   receipt.pem, receipt.key   the server's key for receipts: public, private (Ed25519)
 *   wrong.pem, wrong.key       another such key
 */
#ifndef TESTS_LIB_PKI_H
#define TESTS_LIB_PKI_H

/* Into the folder, which exists. */
void pki_make(const char *folder);
/* name.pem and name.key, self-signed, to encrypt parcels to: "rsa" or "ec". */
void pki_make_recipient(const char *folder, const char *name, const char *kind);

#endif
