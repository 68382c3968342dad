package io.sampo.kvcache.transfer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/**
 * A node's certificate and whose certificates it trusts, for TLS 1.3 in which both sides show one.
 * Host names are not compared: which node it is matters little, that it is one of the cluster is
 * proven by the cluster's secret, within the very TLS session.
 */
public final class TransferTls {

  private static final char[] NO_PASSWORD = new char[0];
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
  private static final List<String> KEY_ALGORITHMS = List.of("EC", "RSA", "EdDSA");

  private final SSLContext context;

  private TransferTls(SSLContext context) {
    this.context = context;
  }

  /**
   * Reads what is needed from PEM files.
   *
   * @param certificates the node's own, then those that lead to an authority
   * @param key the private key of the first of them, PKCS #8, not encrypted
   * @param authorities who must have signed the others' certificates
   * @throws IOException when a file cannot be read or is not what it must be; the message names it
   */
  public static TransferTls read(Path certificates, Path key, Path authorities) throws IOException {
    try {
      KeyStore own = store();
      own.setKeyEntry(
          "own", privateKey(key), NO_PASSWORD, chain(certificates).toArray(Certificate[]::new));
      KeyStore trusted = store();
      for (Certificate authority : chain(authorities)) {
        trusted.setCertificateEntry("authority " + trusted.size(), authority);
      }
      return new TransferTls(context(own, trusted));
    } catch (GeneralSecurityException unusable) {
      throw new IOException(
          "%s and %s do not make a TLS identity: %s"
              .formatted(certificates, key, unusable.getMessage()),
          unusable);
    }
  }

  /**
   * Trusts authorities and shows no certificate itself.
   *
   * @throws IOException when the file cannot be read or is not what it must be; the message names
   *     it
   */
  public static TransferTls trusting(Path authorities) throws IOException {
    try {
      KeyStore trusted = store();
      for (Certificate authority : chain(authorities)) {
        trusted.setCertificateEntry("authority " + trusted.size(), authority);
      }
      return new TransferTls(context(store(), trusted));
    } catch (GeneralSecurityException unusable) {
      throw new IOException(authorities + " is no authority: " + unusable.getMessage(), unusable);
    }
  }

  /** For what makes its own sockets. */
  public SSLContext context() {
    return context;
  }

  private static SSLContext context(KeyStore own, KeyStore trusted)
      throws GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(own, NO_PASSWORD);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static KeyStore store() throws GeneralSecurityException, IOException {
    KeyStore empty = KeyStore.getInstance("PKCS12");
    empty.load(null, NO_PASSWORD);
    return empty;
  }

  private static Collection<? extends Certificate> chain(Path file) throws IOException {
    try (InputStream pem = Files.newInputStream(file)) {
      var read = CertificateFactory.getInstance("X.509").generateCertificates(pem);
      if (read.isEmpty()) {
        throw new IOException(file + " has no certificate in PEM form");
      }
      return read;
    } catch (GeneralSecurityException unreadable) {
      throw new IOException(file + " is no file of PEM certificates", unreadable);
    }
  }

  private static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
    Matcher pem = KEY.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    if (!pem.find()) {
      throw new IOException(
          "%s has no key that begins with -----BEGIN PRIVATE KEY----- (PKCS #8); make one with: openssl pkcs8 -topk8 -nocrypt"
              .formatted(file));
    }
    PKCS8EncodedKeySpec form =
        new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group(1)));
    for (String algorithm : KEY_ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(form);
      } catch (InvalidKeySpecException another) {
        // The form names its algorithm; the next factory may be the one that knows it.
      }
    }
    throw new IOException(file + " has a private key that is none of " + KEY_ALGORITHMS);
  }

  /** The end of a connection that was opened here. */
  public SSLEngine clientEngine() {
    SSLEngine engine = engine();
    engine.setUseClientMode(true);
    return engine;
  }

  /** The end of a connection that was accepted here; it asks for a certificate. */
  public SSLEngine serverEngine() {
    SSLEngine engine = engine();
    engine.setUseClientMode(false);
    engine.setNeedClientAuth(true);
    return engine;
  }

  private SSLEngine engine() {
    SSLEngine engine = context.createSSLEngine();
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3"});
    parameters.setCipherSuites(
        new String[] {
          "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"
        });
    engine.setSSLParameters(parameters);
    return engine;
  }
}
