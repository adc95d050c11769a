/*
 * AES-256-CTR through OpenSSL, placed by the byte's offset: any part of a file can be changed and
 * changed back alone. Not for secrecy: the key is escrowed.
 */
#include "drill/keep/keystream.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/digest.h"
#include "base/fault.h"

enum { CIPHER_BLOCK_BYTES = 16, PIECE_BYTES = 1 << 30 };

struct keystream {
	EVP_CIPHER_CTX *context;
};

enum status keystream_new(struct keystream **out, struct error *e)
{
	AUTO(keystream_free) struct keystream *k = NULL;
	k = FAULT("keystream_new") ? NULL : calloc(1, sizeof *k);
	if (k == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	k->context = EVP_CIPHER_CTX_new();
	if (k->context == NULL)
		return error_set(e, E_NO_SPACE, "memory is short");
	if (EVP_EncryptInit_ex(k->context, EVP_aes_256_ctr(), NULL, NULL, NULL) != 1)
		return error_set(e, E_FAILED, "this OpenSSL has no AES-256-CTR");
	*out = TAKE(k);
	return OK;
}

void keystream_file(
	struct keystream *k, const unsigned char escrow[ESCROW_KEY_BYTES], uint32_t file)
{
	static const char label[] = "tocsin decoy";
	unsigned char message[sizeof label - 1 + 4];
	memcpy(message, label, sizeof label - 1);
	for (size_t i = 0; i < 4; i++)
		message[sizeof label - 1 + i] = (unsigned char)(file >> (8 * i));
	struct digest key = digest_hmac(escrow, ESCROW_KEY_BYTES, message, sizeof message);
	/* Fails only where the context was never set up, or memory is gone: going on would write
	 * something that no key brings back. */
	if (EVP_EncryptInit_ex(k->context, NULL, NULL, key.bytes, NULL) != 1)
		abort();
	OPENSSL_cleanse(&key, sizeof key);
}

/* The counter of the cipher block that holds `offset`, and the stream before it thrown away. */
static void seek_to(struct keystream *k, uint64_t offset)
{
	unsigned char counter[CIPHER_BLOCK_BYTES] = { 0 };
	unsigned char skipped[CIPHER_BLOCK_BYTES] = { 0 };
	uint64_t block = offset / CIPHER_BLOCK_BYTES;
	int before = (int)(offset % CIPHER_BLOCK_BYTES);
	int n = 0;
	for (size_t i = 0; i < 8; i++)
		counter[CIPHER_BLOCK_BYTES - 1 - i] = (unsigned char)(block >> (8 * i));
	if (EVP_EncryptInit_ex(k->context, NULL, NULL, NULL, counter) != 1)
		abort();
	if (before > 0 && EVP_EncryptUpdate(k->context, skipped, &n, skipped, before) != 1)
		abort();
}

void keystream_apply(struct keystream *k, uint64_t offset, void *bytes, size_t n_bytes)
{
	unsigned char *at = bytes;
	if (n_bytes == 0)
		return;
	seek_to(k, offset);
	while (n_bytes > 0) {
		int piece = n_bytes > PIECE_BYTES ? PIECE_BYTES : (int)n_bytes;
		int n = 0;
		if (EVP_EncryptUpdate(k->context, at, &n, at, piece) != 1 || n != piece)
			abort();
		at += piece;
		n_bytes -= (size_t)piece;
	}
}

void keystream_free(struct keystream *k)
{
	if (k == NULL)
		return;
	EVP_CIPHER_CTX_free(k->context); /* clears the key schedule */
	free(k);
}
