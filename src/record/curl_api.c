/*
 * Loading libcurl: see curl_api.h.
 */
#include "record/curl_api.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "base/auto.h"
#include "base/fault.h"

enum { VERSION_NEEDED = 0x074d00 }; /* 7.77.0 */

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
	{ "curl_global_init", offsetof(struct curl_api, global_init) },
	{ "curl_easy_init", offsetof(struct curl_api, easy_init) },
	{ "curl_easy_setopt", offsetof(struct curl_api, easy_setopt) },
	{ "curl_easy_perform", offsetof(struct curl_api, easy_perform) },
	{ "curl_easy_getinfo", offsetof(struct curl_api, easy_getinfo) },
	{ "curl_easy_send", offsetof(struct curl_api, easy_send) },
	{ "curl_easy_recv", offsetof(struct curl_api, easy_recv) },
	{ "curl_slist_append", offsetof(struct curl_api, slist_append) },
	{ "curl_slist_free_all", offsetof(struct curl_api, slist_free_all) },
	{ "curl_easy_strerror", offsetof(struct curl_api, easy_strerror) },
	{ "curl_version_info", offsetof(struct curl_api, version_info) },
};

static enum status check_version(const struct curl_api *api, struct error *e)
{
	const curl_version_info_data *v = api->version_info(CURLVERSION_NOW);
	if (v->version_num < VERSION_NEEDED)
		return error_set(e, E_ABSENT, "libcurl %s is too old: 7.77 is needed", v->version);
	if (v->ssl_version == NULL || strstr(v->ssl_version, "OpenSSL") == NULL)
		return error_set(e, E_ABSENT, "this libcurl is not built with OpenSSL");
	return OK;
}

/* The library stays for as long as the process. */
enum status curl_api_load(struct curl_api *out, struct error *e)
{
	struct curl_api api;
	void *library = FAULT("curl_load") ? NULL : dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return error_set(e, E_ABSENT, "libcurl.so.4 is not installed");
	for (size_t i = 0; i < COUNT_OF(functions); i++) {
		void *at = dlsym(library, functions[i].name);
		if (at == NULL)
			return error_set(e, E_ABSENT, "this libcurl has no %s", functions[i].name);
		/* A pointer to a function out of one to an object, as dlsym(3) has it. */
		memcpy((char *)&api + functions[i].offset, &at, sizeof at);
	}
	TRY(check_version(&api, e));
	*out = api;
	return OK;
}
_Static_assert(sizeof(void *) == sizeof(void (*)(void)), "dlsym serves functions");
