// BIOs of OpenSSL that read and write by functions of ours. Private to core/runtime.
#pragma once

#include <openssl/bio.h>

namespace jackfield {

// A new BIO for SSL_set_bio, which owns it. `Method` has static write, read and control as BIO_meth_set_* want them; they find
// `data` by BIO_get_data. `data` is not owned and outlives the BIO.
template <class Method>
BIO* make_bio(const char* name, void* data) {
    static BIO_METHOD* const method = [name] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, name);
        BIO_meth_set_write(made, Method::write);
        BIO_meth_set_read(made, Method::read);
        BIO_meth_set_ctrl(made, Method::control);
        return made;
    }();
    BIO* bio = BIO_new(method);
    BIO_set_data(bio, data);
    BIO_set_init(bio, 1);
    return bio;
}

}  // namespace jackfield
