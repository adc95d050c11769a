/*
 * libcurl, loaded at run time by the one process that speaks to the network. Linked, it and the
 * thirty libraries behind it would cost every command 14 ms at its start and lie in the address
 * space of every other process (docs/decisions/0080-libcurl-in-a-process-of-its-own.md).
 */
#ifndef RECORD_CURL_API_H
#define RECORD_CURL_API_H

#include <curl/curl.h>

#include "base/error.h"

struct curl_api {
	CURLcode (*global_init)(long flags);
	CURL *(*easy_init)(void);
	CURLcode (*easy_setopt)(CURL *c, CURLoption option, ...);
	CURLcode (*easy_perform)(CURL *c);
	CURLcode (*easy_getinfo)(CURL *c, CURLINFO info, ...);
	CURLcode (*easy_send)(CURL *c, const void *bytes, size_t n_bytes, size_t *out_n);
	CURLcode (*easy_recv)(CURL *c, void *bytes, size_t n_bytes, size_t *out_n);
	struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
	void (*slist_free_all)(struct curl_slist *list);
	const char *(*easy_strerror)(CURLcode code);
	curl_version_info_data *(*version_info)(CURLversion age);
};
/* E_ABSENT: not installed, or too old (7.77 brought authorities from memory), or not with OpenSSL.
 */
enum status curl_api_load(struct curl_api *out, struct error *e) MUST_CHECK;

#endif
