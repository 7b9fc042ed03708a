import { SaxesParser } from 'saxes';
import { askGateway, statusError } from './gateway-request.ts';
import { GatewayError } from './provider.ts';
import { signRedsys } from './redsys-signatures.ts';

export interface RedsysTerminal {
  merchantCode: string;
  terminal: string;
  key: string;
  /** Of all addresses, without a slash at its end. */
  host: string;
}

/** No operation has this number. */
const NOT_FOUND = 'XML0024';
const PAYMENT = '0';
const SIGNATURE = 'HMAC_SHA256_V1';

/**
 * The last operation of an order number, by the query service of Redsys, which is SOAP.
 *
 * @returns its elements, such as Ds_State and Ds_Amount; undefined if there is none
 */
export async function queryOperation(
  gateway: string,
  { merchantCode, terminal, key, host }: RedsysTerminal,
  order: string,
): Promise<Map<string, string> | undefined> {
  const version =
    '<Version Ds_Version="0.0"><Message><Transaction>' +
    `<Ds_MerchantCode>${merchantCode}</Ds_MerchantCode><Ds_Terminal>${terminal}</Ds_Terminal>` +
    `<Ds_Order>${order}</Ds_Order><Ds_TransactionType>${PAYMENT}</Ds_TransactionType>` +
    '</Transaction></Message></Version>';
  const signature = signRedsys(version, { version: SIGNATURE, key, order });
  const answer = await askGateway(gateway, `${host}/apl02/services/SerClsWSConsulta`, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: 'consultaOperaciones' },
    body: envelope(
      `<Messages>${version}<Signature>${signature}</Signature>` +
        `<SignatureVersion>${SIGNATURE}</SignatureVersion></Messages>`,
    ),
  });
  if (answer.status !== 200) throw statusError(gateway, answer.status);
  const found = readResult(gateway, answer.text);
  const error = found.get('Ds_ErrorCode');
  if (error === NOT_FOUND) return undefined;
  if (error !== undefined || found.get('Ds_Order') !== order)
    throw new GatewayError(gateway, error ?? 'no order');
  return found;
}

function envelope(content: string): string {
  return (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
    'xmlns:web="http://webservices.apl02.redsys.es"><soapenv:Header/><soapenv:Body>' +
    `<web:consultaOperaciones><cadenaXML><![CDATA[${content}]]></cadenaXML></web:consultaOperaciones>` +
    '</soapenv:Body></soapenv:Envelope>'
  );
}

/** An XML document as the text of another. */
function readResult(gateway: string, text: string): Map<string, string> {
  try {
    return readElements(readElements(text).get('consultaOperacionesReturn') ?? '');
  } catch {
    throw new GatewayError(gateway, 'not XML');
  }
}

/** The texts of the elements without others in them, by name without prefix; of equal ones the last. */
function readElements(xml: string): Map<string, string> {
  const elements = new Map<string, string>();
  const parser = new SaxesParser();
  let text = '';
  const add = (more: string) => (text += more);
  parser.on('opentag', () => (text = ''));
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('closetag', ({ name }) => {
    if (text.trim()) elements.set(name.replace(/^.*:/, ''), text.trim());
    text = '';
  });
  parser.on('doctype', () => {
    throw new SyntaxError('a document type');
  });
  parser.write(xml).close();
  return elements;
}
